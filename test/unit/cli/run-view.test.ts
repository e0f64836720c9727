import { describe, expect, it } from 'vitest';
import { terminalTable } from '../../../src/cli/run/result-table.ts';
import { RunView } from '../../../src/cli/run/run-view.ts';
import type { RunEvent } from '../../../src/shared/events.ts';
import { flattenTree } from '../../../src/shared/tree.ts';
import { exampleRun } from '../../support/example-run.ts';

function show(isInteractive: boolean, rows = 40, earlier: readonly RunEvent[] = []) {
  const written: string[] = [];
  const view = new RunView({ print: () => undefined, note: (text) => written.push(text), isInteractive }, earlier, () => ({
    columns: 60,
    rows,
  }));
  return { view, written };
}

function tableOf(events: readonly RunEvent[]): string | undefined {
  const { view } = show(false);
  for (const event of events) view.update(event);
  const [model] = view.state.models;
  return model && terminalTable(model);
}

describe('what a run shows', () => {
  it('is a line for each thing that happened where output is kept', () => {
    const { view, written } = show(false);
    for (const event of exampleRun()) view.update(event);
    expect(written.every((line) => line.endsWith('\n') && !line.includes('\u001b'))).toBe(true);
    expect(written.filter((line) => line.includes(': done'))).toHaveLength(12);
    expect(written.some((line) => line.startsWith('pruned/clustered: started'))).toBe(true);
  });

  it('is the tree on a terminal, drawn over in place and never wider than it', () => {
    const { view, written } = show(true);
    const events = exampleRun().filter(({ type }) => type !== 'log');
    for (const event of events) view.update(event);
    const frames = written.slice(1, -1);
    expect(frames.every((frame) => frame.startsWith('\u001b[12A\u001b[J'))).toBe(true);
    const lines = frames.flatMap((frame) => frame.replace('\u001b[12A\u001b[J', '').trimEnd().split('\n'));
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(60);
  });

  it('is what runs and how many there are of the rest, where the tree is higher than the terminal', () => {
    const { view, written } = show(true, 6);
    for (const event of exampleRun().filter(({ type }) => type !== 'log')) view.update(event);
    const heights = written.map((frame) => frame.split('\n').length - 1);
    expect(Math.max(...heights)).toBeLessThanOrEqual(5);
    expect(written.some((frame) => /▸ {3}pruned .*\n3 done, 8 waiting\n/.test(frame))).toBe(true);
  });

  it('knows what a resumed run did before, without telling it again', () => {
    const events = exampleRun();
    const stop = events.findIndex((event) => event.type === 'node-started' && event.node === 'clustered');
    const { view, written } = show(false, 40, events.slice(0, stop));
    expect(written).toEqual([]);
    for (const event of events.slice(stop)) view.update(event);
    const [model] = view.state.models;
    expect(model && terminalTable(model)).toBe(tableOf(events));
  });

  it('ends with a row for every node, indented by level', () => {
    const { view } = show(false);
    for (const event of exampleRun()) view.update(event);
    const [model] = view.state.models;
    const rows = model === undefined ? [] : terminalTable(model).split('\n').slice(2);
    expect(rows).toHaveLength(12);
    expect(rows.map((row) => /^ */.exec(row)?.[0].length)).toEqual(model && flattenTree(model.tree).map(({ level }) => 2 * level));
    expect(rows[0]).toMatch(/^baseline /);
  });
});
