/** Patterns that users write, matched in time proportional to pattern times name: a regular expression can take for ever. */

/** Whether a name is matched as a whole. */
export type NameTest = (name: string) => boolean;

/**
 * `*` stands for any text, also none, and `?` for one character; with a backslash before them these and the backslash stand for
 * themselves. Before other characters a backslash is one like any other.
 */
export function wildcard(pattern: string): NameTest {
  const symbols = (pattern.match(/\\[*?\\]|\*+|[^*]/gsu) ?? []).map(symbolOf);
  return (name) => matchesSymbols(symbols, [...name]);
}

/** The pattern that this name alone matches. */
export function exactPattern(name: string): string {
  return name.replaceAll(/[*?]|\\(?=[*?\\])/g, '\\$&');
}

type PatternSymbol = { readonly kind: 'letter'; readonly letter: string } | { readonly kind: 'any letter' } | { readonly kind: 'any text' };

function symbolOf(text: string): PatternSymbol {
  if (text.startsWith('*')) return { kind: 'any text' };
  if (text === '?') return { kind: 'any letter' };
  return { kind: 'letter', letter: text.length > 1 && text.startsWith('\\') ? text.slice(1) : text };
}

function matchesOne(symbol: PatternSymbol | undefined, letter: string | undefined): boolean {
  return symbol?.kind === 'any letter' || (symbol?.kind === 'letter' && symbol.letter === letter);
}

/** After a mismatch only the last star takes one character more: what matched before it never has to be tried again. */
function matchesSymbols(symbols: readonly PatternSymbol[], letters: readonly string[]): boolean {
  let symbol = 0;
  let letter = 0;
  let star = -1;
  let afterStar = 0;
  while (letter < letters.length) {
    if (symbols[symbol]?.kind === 'any text') {
      star = symbol++;
      afterStar = letter;
    } else if (matchesOne(symbols[symbol], letters[letter])) {
      symbol++;
      letter++;
    } else if (star >= 0) {
      symbol = star + 1;
      letter = ++afterStar;
    } else return false;
  }
  while (symbols[symbol]?.kind === 'any text') symbol++;
  return symbol === symbols.length;
}

/** Texts and fields by turns: `<class>_<n>.wav` is `['', 'class', '_', 'n', '.wav']`. */
export function splitFields(pattern: string): readonly string[] {
  return pattern.split(/<([A-Za-z]\w*)>/);
}

/**
 * Fields of a name by a pattern such as `<class>_<speaker>_<n>.wav`: each has one letter at least, and is as short as
 * the text after it allows. Letters match in upper and lower case. Undefined where the name does not match.
 */
export function fieldPattern(pattern: string): (name: string) => Readonly<Record<string, string>> | undefined {
  const parts = splitFields(pattern);
  const texts = parts.filter((_, index) => index % 2 === 0).map(lowerCase);
  const fields = parts.filter((_, index) => index % 2 === 1);
  return (name) => {
    const ends = fieldEnds(texts, lowerCase(name));
    if (ends === undefined) return undefined;
    return Object.fromEntries(fields.map((field, index) => [field, name.slice(ends[index]?.start, ends[index]?.end)]));
  };
}

/** Letter by letter, so that places stay what they are. */
function lowerCase(text: string): string {
  return [...text].map((letter) => (letter.toLowerCase().length === letter.length ? letter.toLowerCase() : letter)).join('');
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function fieldEnds(texts: readonly string[], name: string): readonly Span[] | undefined {
  const [first = '', ...rest] = texts;
  if (!name.startsWith(first)) return undefined;
  if (rest.length === 0) return name === first ? [] : undefined;
  /** Of each field: where it began when nothing from there on matched. A later beginning has only some of the same ends. */
  const failedFrom = rest.map(() => Infinity);
  const next: { readonly start: number; end: number }[] = [{ start: first.length, end: first.length + 1 }];
  for (;;) {
    const field = next.length - 1;
    const current = next[field];
    if (current === undefined) return undefined;
    const text = rest[field] ?? '';
    if (current.end > name.length) {
      failedFrom[field] = current.start;
      next.pop();
      const before = next.at(-1);
      if (before !== undefined) before.end++;
      continue;
    }
    const after = current.end + text.length;
    if (name.startsWith(text, current.end)) {
      if (field === rest.length - 1) {
        if (after === name.length) {
          return next;
        }
      } else if (after < (failedFrom[field + 1] ?? Infinity)) {
        next.push({ start: after, end: after + 1 });
        continue;
      }
    }
    current.end++;
  }
}
