/** The pages that users read, and what stands in them as code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseTree } from 'jsonc-parser';

const root = path.resolve(import.meta.dirname, '../..');

/** Paths from the project's root; `docs/results.md` is made from runs. */
export const documentPages: readonly string[] = [
  'README.md',
  'README.zh-cn.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  'skills/espalier/SKILL.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync(path.join(root, 'examples'))
    .map((name) => `examples/${name}/README.md`)
    .filter((file) => existsSync(path.join(root, file))),
];

export function readPage(page: string): string {
  return readFileSync(path.join(root, page), 'utf8');
}

/** Code within lines, and blocks of code, fenced or indented. */
export function codeOf(text: string): readonly string[] {
  const fenced = [...text.matchAll(/^( *)```\w*\n([\s\S]*?)^\1```$/gm)].map(([, , code = '']) => code);
  const rest = text.replaceAll(/^( *)```\w*\n[\s\S]*?^\1```$/gm, '');
  const indented = [...rest.matchAll(/(?:^ {4}.*\n)+/gm)].map(([block]) => block);
  const inLines = [...rest.replaceAll(/^ {4}.*$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...fenced, ...indented, ...inLines];
}

/** JSON objects in a piece of code. What begins with a key, as a part of a recipe does, is taken for the content of an object. */
export function jsonOf(code: string): readonly string[] {
  if (/^\s*"\w+":/.test(code)) return [`{${code}}`];
  const found: string[] = [];
  // After an equals sign it is Python's.
  const start = /(?<!=)\{(?=\s*(?:\/\/.*\s*)?")/g;
  for (let match = start.exec(code); match !== null; match = start.exec(code)) {
    const end = objectEnd(code, match.index);
    found.push(code.slice(match.index, end));
    start.lastIndex = end;
  }
  return found;
}

/** Where the object that begins at this place ends; where the text ends, if it doesn't. */
function objectEnd(text: string, from: number): number {
  const length = parseTree(text.slice(from))?.length ?? 0;
  return length > 0 ? from + length : text.length;
}
