import { expect, it } from 'vitest';
import { compareRuns } from '../../../src/shared/drawing/run-comparison.ts';
import { english } from '../../../src/shared/drawing/translate.ts';
import { reduceEvents } from '../../../src/shared/run-state.ts';
import { exampleRun } from '../../support/example-run.ts';

it('shows what is Markdown or HTML in the name of a run as text in its table', () => {
  const state = reduceEvents(exampleRun());
  const lines = compareRuns(
    [
      { name: 'a|b *c* <d>', state },
      { name: 'e', state },
    ],
    english,
  ).split('\n');
  expect(lines.find((line) => line.startsWith('| Model'))).toContain('| a\\|b \\*c\\* &lt;d>: ');
  expect(lines).toContain('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
});
