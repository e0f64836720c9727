import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, expect, it } from 'vitest';
import { nodeBundle } from '../../../scripts/bundle-settings.mjs';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Below the project's folder, where its packages are found. */
const bundles = path.resolve('out', `test-telemetry-${process.pid}`);
afterAll(() => rm(bundles, { recursive: true, force: true }));

/** What a process that runs a session leaves in an empty home and an empty temporary folder. */
async function leftBy(script: string): Promise<readonly string[]> {
  const folder = temporaryFolder();
  const [home, temporary] = [path.join(folder, 'home'), path.join(folder, 'temporary')];
  mkdirSync(home);
  mkdirSync(temporary);
  const places = {
    HOME: home,
    USERPROFILE: home,
    LOCALAPPDATA: home,
    XDG_CACHE_HOME: home,
    TMPDIR: temporary,
    TEMP: temporary,
    TMP: temporary,
  };
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'ORT_DISABLE_TELEMETRY'));
  await promisify(execFile)(process.execPath, [script], { env: { ...env, ...places } });
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name !== 'home' && name !== 'temporary');
}

it('the engine leaves no trace of its maker’s telemetry', async () => {
  const entry = path.join(bundles, 'session.ts');
  mkdirSync(bundles, { recursive: true });
  const loader = path.resolve('src/core/engine/onnxruntime/load-onnxruntime.ts');
  writeFileSync(
    entry,
    `import { loadOnnxRuntimeNode } from ${JSON.stringify(loader)};
     // No model: the library has started by the time that it says so.
     loadOnnxRuntimeNode().InferenceSession.create(Uint8Array.of(1, 2, 3)).catch(() => undefined);`,
  );
  const script = path.join(bundles, 'session.cjs');
  await build({ ...nodeBundle, entryPoints: [entry], bundle: true, outfile: script, logLevel: 'error' });
  expect(await leftBy(script)).toEqual([]);
});
