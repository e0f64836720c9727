import { expect, it } from 'vitest';
import { ProgressBar } from '../../../src/cli/progress-bar.ts';

function drawn(isInteractive: boolean, columns = 80): { readonly bar: ProgressBar; readonly written: string[] } {
  const written: string[] = [];
  const bar = new ProgressBar({ print: () => undefined, note: (text) => written.push(text), isInteractive }, () => columns);
  return { bar, written };
}

const erase = '\r\u001b[K';

it('draws one line over and over, only when it changes, and leaves nothing behind', () => {
  const { bar, written } = drawn(true);
  for (const fraction of [0, 0.5, 0.501, 1]) bar.update('evaluating', fraction);
  bar.clear();
  bar.clear();
  expect(written).toEqual([
    `${erase}[${'·'.repeat(30)}]   0% evaluating`,
    `${erase}[${'█'.repeat(15)}${'·'.repeat(15)}]  50% evaluating`,
    `${erase}[${'█'.repeat(30)}] 100% evaluating`,
    erase,
  ]);
});

it('never wraps, however narrow the terminal', () => {
  const { bar, written } = drawn(true, 20);
  bar.update('calibrating', 0.4);
  expect(written).toEqual([`${erase}[${'█'.repeat(12)}${'·'.repeat(6)}`]);
});

it('is silent where output is no terminal', () => {
  const { bar, written } = drawn(false);
  bar.update('evaluating', 0.5);
  bar.clear();
  expect(written).toEqual([]);
});
