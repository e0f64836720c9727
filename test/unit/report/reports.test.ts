import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTree } from 'jsonc-parser';
import { afterEach, describe, expect, it } from 'vitest';
import { csvReport } from '../../../src/core/report/csv-report.ts';
import { htmlReport } from '../../../src/core/report/html-report.ts';
import { jsonReport } from '../../../src/core/report/json-report.ts';
import { markdownReport } from '../../../src/core/report/markdown-report.ts';
import { checkAgainstSchema } from '../../../src/core/tree/recipe/schema-check.ts';
import type { JsonSchema } from '../../../src/core/tree/recipe/schema-check.ts';
import { writeReport } from '../../../src/core/report/write-report.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { runLog } from '../../../src/shared/drawing/run-log.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';
import { writeRunFolder } from '../../support/stored-run.ts';

const recipe = { model: 'mnist.h5', data: { format: 'generated', set: 'digits' } };
const state = reduceEvents(exampleRun());
const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

it('reports say which learning rate a test has chosen', () => {
  const rangeTest = { learningRate: 0.000357, steps: 96, curve: [{ rate: 1e-5, change: -0.5 }] };
  const events = exampleRun().map((event): RunEvent =>
    event.type === 'node-finished' && event.node === 'pruned' ? { ...event, metrics: { ...event.metrics, rangeTest } } : event,
  );
  const tested = reduceEvents(events);
  const line = /Pruned model: learning rate 0\.000357 by a range test of 96 steps/;
  expect(markdownReport(tested, recipe)).toMatch(line);
  expect(htmlReport(tested, recipe)).toMatch(line);
  expect(runLog(tested, english).map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/learning rate 0\.000357 by a range test of 96/),
  );
  expect(markdownReport(state, recipe)).not.toMatch(/range test/);
});

describe('the HTML report', () => {
  const html = htmlReport(state, recipe);

  it('stands alone: no script, nothing fetched', () => {
    expect(html).not.toMatch(/<script|<link|<img|url\(|@import|\ssrc=/);
    // The name of the SVG vocabulary is an address that nobody opens.
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:/);
  });

  it('shows every node in tree, table and densities', () => {
    expect(count(html, /data-node="/g)).toBe(12);
    expect(count(html, /<th scope="row">/g)).toBeGreaterThanOrEqual(12);
    // Two kernels at twelve nodes, and the curves of the seven that were fine-tuned: loss and accuracy.
    expect(count(html, /aria-label="Density of /g)).toBe(24);
    expect(count(html, /aria-label="Training (loss|accuracy) of /g)).toBe(14);
  });

  it('names every drawing and every table', () => {
    // Pictures of a legend stand beside their words.
    expect(count(html, /<svg (?![^>]*aria-hidden)/g)).toBe(count(html, /<svg [^>]*role="img" aria-label="[^"]+/g));
    expect(count(html, /<table>/g)).toBe(count(html, /<table><caption>[^<]+<\/caption>/g));
  });

  it('has one main heading and skips no level', () => {
    const levels = [...html.matchAll(/<h([1-6])>/g)].map((match) => Number(match[1]));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, index) => expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1));
  });

  it('names engine, runtime and machine beside the figures, and holds the recipe', () => {
    for (const fact of ['onnxruntime-node 1.30.0', 'LiteRT 2.5.3', '2 × x64', '10000 test examples', 'mnist.h5'])
      expect(html).toContain(fact);
  });

  it('escapes whatever names hold', () => {
    const hostile = reduceEvents(exampleRun({ models: ['<script>alert(1)</script>'] }));
    expect(htmlReport(hostile, { model: '</code><script>' })).not.toContain('<script>');
  });

  it('is written for a run that has only begun', () => {
    expect(htmlReport(reduceEvents(exampleRun().slice(0, 1)), recipe)).toContain('not finished');
  });

  it('says once that the targets are missed, and by what', () => {
    const missed = htmlReport({ ...state, outcome: 'targets-missed', reason: 'no node meets the targets; closest is "qat"' }, recipe);
    expect(missed).toContain('targets missed: no node meets the targets; closest is &#34;qat&#34;');
  });
});

describe('published results', () => {
  const published = {
    ...recipe,
    reference: { 'pruned/pqat': { source: 'the guide', deployedTop1: 0.9413, rawBytes: 512_032, compressedBytes: 303_997 }, nowhere: {} },
  };

  it('stand beside the measured ones in HTML and in Markdown', () => {
    const html = htmlReport(state, published);
    expect(html).toContain('Measured and published results of mnist');
    for (const cell of ['25,512 / 512,032', '15,307 / 303,997', '40.00% / 40.63%', 'the guide']) expect(html).toContain(cell);
    const row = markdownReport(state, published)
      .split('\n')
      .find((line) => line.includes('/ 512,032'));
    expect(row).toMatch(
      /^\| QAT, pruned model \| 9\d\.\d\d% \/ – \| 9\d\.\d\d% \/ 94\.13% \| 25,512 \/ 512,032 \| 15,307 \/ 303,997 \| 40\.00% \/ 40\.63% \|$/,
    );
  });

  it('take no room where there are none', () => {
    expect(htmlReport(state, recipe)).not.toContain('published');
    expect(markdownReport(state, recipe)).not.toContain('published');
  });
});

describe('reports for machines and for README files', () => {
  it('Markdown has a row for each node and says where the figures come from', () => {
    const markdown = markdownReport(state, recipe);
    expect(count(markdown, /^\| .*model \|/gm)).toBeGreaterThanOrEqual(12);
    expect(markdown).toContain('10000 test examples in LiteRT 2.5.3');
  });

  it('Markdown says what is doubtful, and shows names as text', () => {
    const name = 'net](x)\n# <b>*a*';
    const renamed = exampleRun().map((event): RunEvent => {
      if (event.type === 'run-started') return { ...event, models: event.models.map((model) => ({ ...model, model: name })) };
      if (event.type === 'run-finished') return { ...event, reason: `${name}: all nodes are done` };
      return 'model' in event ? { ...event, model: name } : event;
    });
    const last = renamed.at(-1)?.sequence ?? 0;
    const warning = { type: 'log', level: 'warning', message: 'there is 1 test example', model: name, node: 'baseline' } as const;
    const markdown = markdownReport(reduceEvents([...renamed, { ...warning, time: 0, sequence: last + 1 }]), recipe);
    const shown = 'net\\](x) # &lt;b>\\*a\\*';
    expect(markdown.split('\n')[0]).toBe(`## ${shown}`);
    expect(markdown).toContain(`\n- warning, ${shown}, baseline: there is 1 test example\n`);
    expect(markdown).toContain(`\n- Outcome: ${shown}: all nodes are done\n`);
    expect(markdown).not.toMatch(/<b>|^# /m);
  });

  it('CSV has one line a node with plain numbers', () => {
    const lines = csvReport(state).trimEnd().split('\r\n');
    expect(lines).toHaveLength(13);
    expect(lines.every((line) => line.split(',').length === lines[0]?.split(',').length)).toBe(true);
    expect(lines.find((line) => line.startsWith('mnist,pruned/pqat,'))).toMatch(
      /^mnist,pruned\/pqat,pqat,int8,done,0\.97\d*,0\.97\d*,25512,15307,14100,13900,15707,,9640,65512,250000,850000,0\.081,10000,15425,0\.5,201,40,4\.2,passed$/,
    );
  });

  it("Markdown has the guide's table: a column for each file to deploy, with the accuracy of the network it was made from", () => {
    const lines = markdownReport(state, recipe).split('\n');
    const cells = (name: string): readonly string[] =>
      lines
        .find((line) => line.startsWith(`| ${name} |`))
        ?.split(' | ')
        .slice(1) ?? [];
    const titles =
      lines
        .find((line) => line.startsWith('|  |'))
        ?.split(' | ')
        .slice(1) ?? [];
    expect(titles).toHaveLength(8);
    const pqat = titles.indexOf('QAT, pruned model');
    const pruned = titles.indexOf('Pruned model');
    const metrics = (node: string) => state.models[0]?.nodes.get(node)?.metrics;
    const percent = (fraction = NaN): string => `${(100 * fraction).toFixed(2)}%`;
    expect(cells('fp32 or (fake-int8) top-1')[pruned]).toBe(percent(metrics('pruned')?.simulated?.top1));
    expect(cells('fp32 or (fake-int8) top-1')[pqat]).toBe(`(${percent(metrics('pruned/pqat')?.simulated?.top1)})`);
    expect(cells('INT8 top-1')[pruned]).toBe(percent(metrics('pruned/ptq')?.deployed?.top1));
    // 1 - 15,307 / 25,512.
    expect(cells('Bytes, gzip -9')[pqat]).toBe('25,512 -> 15,307 (40.00%)');
    // Pruning's 4.2 seconds and PQAT's.
    expect(cells('Training of the whole path')[pqat]).toBe('8.4 s');
  });

  it('JSON is as its schema says', () => {
    const schema: JsonSchema = JSON.parse(readFileSync('schemas/report.schema.json', 'utf8'));
    const definition: JsonSchema = { $ref: '#/definitions/RunReport', definitions: schema.definitions ?? {} };
    for (const events of [exampleRun(), exampleRun().slice(0, 1), exampleRun().slice(0, 30)]) {
      const root = parseTree(jsonReport(reduceEvents(events)));
      expect(root && checkAgainstSchema(root, definition)).toEqual([]);
    }
    const damaged = parseTree(jsonReport(state).replace('"runId"', '"runid"'));
    expect(damaged && checkAgainstSchema(damaged, definition)).not.toEqual([]);
  });

  it('JSON carries a version and every node', () => {
    const report: { readonly version: number; readonly models: readonly { readonly nodes: readonly { readonly id: string }[] }[] } =
      JSON.parse(jsonReport(state));
    expect(report.version).toBe(1);
    expect(report.models[0]?.nodes.map(({ id }) => id)).toEqual([...(state.models[0]?.nodes.keys() ?? [])]);
  });
});

describe('a report of a run folder', () => {
  const folders: string[] = [];
  afterEach(async () => {
    await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
  });

  async function runFolder(events: readonly RunEvent[], tail = ''): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-report-'));
    folders.push(folder);
    await writeRunFolder(folder, events);
    await appendFile(join(folder, 'events.jsonl'), tail);
    return folder;
  }

  it('is read from its events, an unfinished last line left out', async () => {
    const folder = await runFolder(exampleRun(), '{"type":"no');
    const { path } = await writeReport(folder, 'csv');
    expect(await readFile(path, 'utf8')).toBe(csvReport(state));
  });

  it('is refused where there is no run', async () => {
    const folder = await runFolder([]);
    await expect(writeReport(folder, 'html')).rejects.toMatchObject({ name: 'EspalierError', code: 'file-access' });
  });
});
