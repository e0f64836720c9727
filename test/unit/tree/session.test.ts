import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { digitsCnn } from '../../../src/core/models/digits-cnn.ts';
import { writeTfjsLayers } from '../../../src/core/export/tfjs-layers.ts';
import { startSession } from '../../../src/core/tree/session.ts';
import { readOwner } from '../../../src/core/tree/store/run-owner.ts';
import { localEnvironment } from '../../support/local-environment.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('a run whose events cannot be written is given up, so that another process can go on with it', async () => {
  const folder = temporaryFolder();
  const { json, weights } = writeTfjsLayers(digitsCnn({ seed: 1 }));
  writeFileSync(path.join(folder, 'model.json'), json);
  writeFileSync(path.join(folder, 'weights.bin'), weights);
  const file = path.join(folder, 'net.espalier.json');
  const data = { format: 'generated', set: 'digits', trainSize: 100, testSize: 50 };
  writeFileSync(file, JSON.stringify({ model: 'model.json', data, measure: { latency: false } }));
  const session = await startSession(file, {}, { ...localEnvironment, isAlive: () => true });
  expect(await readOwner(session.runFolder)).toEqual({ process: process.pid });
  mkdirSync(path.join(session.runFolder, 'events.jsonl'));
  await expect(session.run(() => undefined, new AbortController().signal)).rejects.toThrow('events.jsonl: is a folder');
  expect(await readOwner(session.runFolder)).toBeUndefined();
});
