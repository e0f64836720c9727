/** Accuracies in the documents: of docs/results.md, or of a measurement that names its commit. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const results = read('docs/results.md');

const commit = /\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7}\b/;

function strangeFigures(text: string): readonly string[] {
  return [...text.matchAll(/\b\d{2}\.\d+ ?%/g)].map(([figure]) => figure).filter((figure) => !results.includes(figure));
}

function unprovenSections(text: string): readonly string[] {
  return text
    .split(/^(?=#{2,3} )/m)
    .filter((section) => strangeFigures(section).length > 0 && !commit.test(section))
    .map((section) => section.slice(0, section.indexOf('\n')));
}

describe('figures in the documents', () => {
  it.each(['README.md', 'README.zh-cn.md'])('%s quotes accuracies and sizes of docs/results.md only', (file) => {
    const table = /<!-- results -->([\s\S]*)<!-- \/results -->/.exec(read(file))?.[1] ?? '';
    const sizes = [...table.matchAll(/([\d,]+) B\b/g)].map(([, size = '']) => size);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.filter((size) => !results.includes(`${size} `))).toEqual([]);
    expect(strangeFigures(read(file))).toEqual([]);
  });

  it.each(readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md') && file !== 'results.md'))(
    'docs/%s names the commit of every other measurement',
    (file) => expect(unprovenSections(read(`docs/${file}`))).toEqual([]),
  );

  it('docs/results.md is of one commit', () => {
    const studies = results.split(/^(?=## )/m).filter((section) => section.includes('\n| Model |'));
    expect(studies.length).toBeGreaterThan(5);
    const commits = studies.map((section) => /^Espalier [\d.]+ \(([0-9a-f]{7})\)/m.exec(section)?.[1]);
    expect(commits).not.toContain(undefined);
    expect(new Set(commits).size).toBe(1);
  });

  it('would find a figure that nobody measured', () => {
    expect(unprovenSections('## A\n\nIt scores 12.3456%.\n\n## B\n\nAt 1a2b3c4 it scores 12.3456%.\n')).toEqual(['## A']);
  });
});
