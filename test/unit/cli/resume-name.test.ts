import path from 'node:path';
import { expect, it } from 'vitest';
import { resumeName } from '../../../src/cli/run/resumable-run.ts';
import { runsFolder } from '../../../src/core/tree/store/run-store.ts';

it('a run is named by its id beside its recipe, and by its folder from elsewhere, as that of `optimize -o small`', () => {
  const here = path.resolve('work');
  const place = (recipe: string) => ({ runId: '20260101-000000-a', runFolder: path.join(runsFolder(recipe), '20260101-000000-a') });
  expect(resumeName(place(here), here)).toBe('20260101-000000-a');
  const elsewhere = resumeName(place(path.join(here, 'small')), here);
  expect(path.resolve(here, elsewhere)).toBe(place(path.join(here, 'small')).runFolder);
  expect(elsewhere.startsWith('small')).toBe(true);
});
