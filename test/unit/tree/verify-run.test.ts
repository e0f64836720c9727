import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { verifyStore } from '../../../src/core/tree/operations/verify-store.ts';
import { writeSealedJson } from '../../../src/core/tree/store/sealed-file.ts';
import { smallRun } from '../../support/small-store.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function problems(folder: string, accuracy = false): Promise<readonly string[]> {
  const context = { signal: new AbortController().signal, onProgress: () => undefined, threadScript: undefined };
  const { runs } = await verifyStore(folder, { accuracy, context });
  return runs.flatMap((run) => run.problems.map(({ message }) => message));
}

it('what a search has measured is verified, and files of users beside it are left alone', async () => {
  const folder = temporaryFolder();
  const { runFolder } = await smallRun(folder, 'first');
  const basis = path.join(runFolder, 'search.json');
  await writeSealedJson(basis, { stepSeconds: 0.01 });
  writeFileSync(path.join(runFolder, 'search-notes.json'), '{ "best": "second" }');
  expect(await problems(folder)).toEqual([]);
  writeFileSync(basis, readFileSync(basis, 'utf8').replace('0.01', '0.02'));
  expect(await problems(folder)).toEqual([expect.stringContaining(`${basis}: is damaged`)]);
});

it('a model that is gone is a problem of each of its runs where files are measured again', async () => {
  const folder = temporaryFolder();
  for (const run of ['first', 'second']) await smallRun(folder, run);
  expect(await problems(folder, true)).toEqual([expect.stringContaining('net.h5'), expect.stringContaining('net.h5')]);
});
