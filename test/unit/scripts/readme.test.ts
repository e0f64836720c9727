import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentPages } from '../../support/documents.ts';
import { readmes, readmeTable, withReadmeTable } from '../../../scripts/results/readme-table.ts';

const results = readFileSync('docs/results.md', 'utf8');

describe.each(readmes)('%s', (file, language) => {
  const readme = readFileSync(file, 'utf8');

  it('has the figures of docs/results.md', () => {
    expect(readme).toContain(readmeTable(results, language));
    expect(withReadmeTable(readme, results, language)).toBe(readme);
  });

  it('has no accuracy or size outside that table', () => {
    const prose = readme.replace(readmeTable(results, language), '').replaceAll(/^ {4}.*$/gm, '');
    expect(prose.match(/\d+(\.\d+)?%|\d[\d,]* ?(B|kB)\b|\d+(\.\d+)?× ?smaller/g)).toBeNull();
  });
});

it('a table is not made of results that lack a section, a row or the number of examples', () => {
  expect(() => readmeTable(results.replace('## DS-CNN-L on spoken digits', '## Else'), 'en')).toThrow(/no section "DS-CNN-L/);
  expect(() => readmeTable(results.replaceAll('QAT pruned, clustered model', 'Else'), 'en')).toThrow(/no row "QAT pruned, clustered/);
  expect(() => readmeTable(results.replaceAll(/^\d+ test examples/gm, 'Some'), 'en')).toThrow(/number of test examples/);
});

/** Links and pictures. */
describe.each(documentPages)('links of %s', (file) => {
  it('lead to files, and to headings that they have', () => {
    const text = readFileSync(file, 'utf8').replaceAll(/^ {4}.*$/gm, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map((match) => match[1] ?? match[2] ?? '');
    for (const target of targets.filter((link) => !/^(https?|mailto):/.test(link))) {
      const [name = '', heading] = target.split('#');
      const linked = name === '' ? file : path.join(path.dirname(file), name);
      expect(existsSync(linked), `${file} links to ${target}`).toBe(true);
      if (heading !== undefined) expect(headingsOf(readFileSync(linked, 'utf8')), `${file} links to ${target}`).toContain(heading);
    }
  });
});

function pagesOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));
}

it('every page of docs is in its index, and leads back to it', () => {
  const pages = pagesOf('docs').filter((file) => path.basename(file) !== 'README.md');
  const index = readFileSync('docs/README.md', 'utf8');
  expect(pages.filter((file) => !index.includes(`](${path.basename(file)})`))).toEqual([]);
  expect(pages.filter((file) => !readFileSync(file, 'utf8').includes('](README.md)'))).toEqual([]);
});

/** As GitHub names them. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
