import { describe, expect, it } from 'vitest';
import { translateCheck } from '../../../src/shared/drawing/certificate-text.ts';
import { runLog } from '../../../src/shared/drawing/run-log.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import type { Translate } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

describe('the log of a run', () => {
  it('has what was said and what each node came to, in the order of time', () => {
    const lines = runLog(reduceEvents(exampleRun({ steps: 2 })), english);
    expect(lines).toHaveLength(24);
    expect(lines.slice(0, 2).map(({ text, level }) => [level, text])).toEqual([
      ['info', 'Trained model: Trained model measured'],
      ['info', expect.stringMatching(/^Trained model: 9\d\.\d\d% · 76\.5 kB · 0\.5 s$/)],
    ]);
    expect(lines.map(({ time }) => time)).toEqual(lines.map(({ time }) => time).toSorted((a, b) => a - b));
    expect(new Set(lines.map(({ key }) => key)).size).toBe(24);
  });

  it('names the model where there are several, and says why a node failed', () => {
    const [started] = exampleRun({ models: ['a', 'b'] });
    if (started === undefined) throw new Error('the example run has events');
    const state = reduceEvents([
      started,
      { type: 'node-started', model: 'b', node: 'baseline', time: 1_000, sequence: 1 },
      { type: 'log', level: 'warning', message: '3 files left out', model: 'b', node: 'baseline', time: 1_500, sequence: 2 },
      { type: 'log', level: 'info', message: 'one stage at a time', model: undefined, node: undefined, time: 1_600, sequence: 3 },
      { type: 'node-failed', model: 'b', node: 'baseline', message: 'no such file', time: 2_000, sequence: 4 },
    ]);
    expect(runLog(state, english)).toMatchObject([
      { level: 'warning', text: 'b · Trained model: 3 files left out', model: 'b' },
      { level: 'info', text: 'one stage at a time' },
      { level: 'error', text: 'b · Trained model: failed · no such file', model: 'b' },
    ]);
  });
});

describe('a certificate in another language', () => {
  const marked: Translate = (message, ...values) => `<${english(message, ...values)}>`;
  it.each([
    ['zeros', 'at least 72 of 144', '72'],
    ['N:M groups', '2 zeros in each 4', '3 groups with fewer'],
    ['storage', 'sparse', 'dense'],
    ["parent's zeros", 'all kept', 'all 72 kept'],
    ['full integer', 'no float tensor but inputs and outputs', 'none'],
  ])('has words for %s', (property, expected, found) => {
    const check = translateCheck({ layer: '', property, expected, found, passed: true }, marked);
    expect(check.layer).toBe('<whole file>');
    expect(check.property).toMatch(/^<.*>$/);
    expect(check.expected).toMatch(/^<.*>$/);
    expect(check.found).toBe(/^\d+$/.test(found) ? found : `<${found}>`);
  });

  it('keeps what it has no words for', () => {
    const check = { layer: 'dense', property: 'new property', expected: 'x', found: '3: a, b', passed: false };
    expect(translateCheck(check, marked)).toEqual(check);
  });
});
