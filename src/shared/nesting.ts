/** How deep a JSON text is nested, counted without a stack of calls: parsers and readers of trees call themselves. */

/** Far above what recipes and data blocks need, and below what a stack of calls takes. */
export const DEEPEST_NESTING = 200;

export const nestedTooDeep = `brackets are nested more than ${DEEPEST_NESTING} deep`;

/** Place of the first bracket below the deepest level; comments are allowed. A bracket that closes another kind closes nothing. */
export function firstTooDeep(text: string): number | undefined {
  const open: string[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case '/':
        at = endOfComment(text, at);
        break;
      case '{':
      case '[':
        if (open.length === DEEPEST_NESTING) return at;
        open.push(text[at] === '{' ? '}' : ']');
        break;
      case '}':
      case ']':
        if (open.at(-1) === text[at]) open.pop();
        break;
      default:
    }
  }
  return undefined;
}

/** Strings without an end, while they are typed, end with their line. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"' && text[at] !== '\n' && text[at] !== '\r') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function endOfComment(text: string, start: number): number {
  const next = text[start + 1];
  if (next !== '/' && next !== '*') return start;
  const end = next === '/' ? text.indexOf('\n', start) : text.indexOf('*/', start + 2);
  if (end < 0) return text.length;
  return next === '/' ? end : end + 1;
}
