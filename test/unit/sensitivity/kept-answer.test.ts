import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { anyTarget } from '../../../src/core/hardware/targets.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { identityOf } from '../../../src/core/tree/identity.ts';
import { keptLayers } from '../../../src/core/tree/layer-cache.ts';
import { modelSensitivity, type SensitivityQuestion } from '../../../src/core/tree/operations/model-sensitivity.ts';
import { searchSupport } from '../../../src/core/tree/search-support.ts';
import { openSealedJson, writeSealedJson } from '../../../src/core/tree/store/sealed-file.ts';
import { cacheFolder, storeFolder } from '../../../src/core/tree/store/run-store.ts';
import type { SensitivityReport } from '../../../src/shared/sensitivity.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { seededParameter } from '../train/training-fixtures.ts';

const data = { format: 'generated', set: 'digits', trainSize: 120, testSize: 10, validation: 0.5 } as const;
let folder: string;
let model: string;

beforeEach(() => {
  folder = temporaryFolder();
  model = path.join(folder, 'small.tflite');
  const builder = new NetworkBuilder('small');
  const hidden = builder.dense('hidden', builder.flatten('flatten', builder.input([4, 4, 1])), { kernel: seededParameter([2, 16], 4) });
  const head = builder.dense('head', builder.activation('relu', hidden, 'relu'), { kernel: seededParameter([10, 2], 5) });
  writeFileSync(model, writeTflite({ kind: 'float', network: builder.build([builder.activation('softmax', head, 'softmax')]) }));
});

function ask(options: Partial<SensitivityQuestion> = {}, code = '1'): Promise<SensitivityReport> {
  const context = { signal: new AbortController().signal, onProgress: () => undefined, code };
  return modelSensitivity({ model, data, threads: 1, ...options }, context);
}

function kept(kind: 'layer' | 'sensitivity'): readonly string[] {
  const cache = cacheFolder(folder);
  return readdirSync(cache).flatMap((name) => (name.startsWith(`${kind}-`) ? [path.join(cache, name)] : []));
}

/** Changes a file of the cache so that whether it was read is seen. */
async function mark(file: string, change: (content: object) => object): Promise<void> {
  const content = openSealedJson(readFileSync(file, 'utf8'));
  await writeSealedJson(file, change(content ?? {}));
}

describe('the sensitivity of a model', () => {
  it('is answered from the cache the second time, for the same question alone', async () => {
    const first = await ask();
    const [file = '', ...others] = kept('sensitivity');
    expect(others).toEqual([]);
    expect(readFileSync(path.join(storeFolder(folder), '.gitignore'), 'utf8')).toBe('*\n');
    expect(await ask()).toEqual(first);
    await mark(file, (report) => ({ ...report, examples: 999 }));
    expect((await ask()).examples).toBe(999);
    await expect(ask({ layer: 'heed' })).rejects.toThrow(
      '--layer: no layer with a kernel is called "heed"; the model has "hidden", "head"',
    );
    // Without the cache all is measured, and kept again.
    expect(await ask({ ignoreCache: true })).toEqual(first);
    expect(await ask()).toEqual(first);
  });

  it('is another question with another target, other data or other code', async () => {
    const { examples } = await ask();
    for (const file of [...kept('sensitivity'), ...kept('layer')])
      await mark(file, (content) => ({ ...content, examples: 999, fitted: false }));
    const elsewhere = await ask({ target: 'cortex-m4' });
    expect([elsewhere.examples, elsewhere.targets.cortexM]).toEqual([examples, 'cortex-m4']);
    const others = await ask({ data: { ...data, trainSize: 100 } });
    expect([others.examples, others.layers[0]?.fitted]).toEqual([50, true]);
    const newer = await ask({}, '2');
    expect([newer.examples, newer.layers[0]?.fitted]).toEqual([examples, true]);
  });

  it('is put together from the layers that are done, whatever the target', async () => {
    const first = await ask();
    for (const file of kept('layer'))
      await mark(file, (layer) => ({
        ...layer,
        choices: first.layers[0]!.choices.map((choice) => ({ ...choice, cycles: undefined, divergence: 7 })),
      }));
    const other = await ask({ target: 'cortex-m4' });
    expect(new Set(other.layers.flatMap(({ choices }) => choices.map(({ divergence }) => divergence)))).toEqual(new Set([7]));
    const measured = await ask({ target: 'cortex-m4', ignoreCache: true });
    expect(measured.layers[0]?.choices.map(({ divergence }) => divergence)).toEqual(
      first.layers[0]?.choices.map(({ divergence }) => divergence),
    );
  });

  it('is measured again where a file of the cache is damaged, which is said', async () => {
    const first = await ask();
    const [report = ''] = kept('sensitivity');
    const [layer = ''] = kept('layer');
    for (const file of [report, layer]) writeFileSync(file, readFileSync(file, 'utf8').replace('"measured": true', '"measured": false'));
    const again = await ask();
    expect(again.layers).toEqual(first.layers);
    expect(again.warnings.join('\n')).toContain(`${layer}: is damaged`);
    expect(again.warnings.join('\n')).toContain(`${report}: is damaged`);
    expect((await ask()).layers).toEqual(first.layers);
  });

  it('needs no place to keep it', async () => {
    writeFileSync(storeFolder(folder), 'a file where the folder would be');
    const report = await ask();
    expect(report.layers).toHaveLength(2);
    expect(report.warnings.filter((warning) => warning.includes('what was measured of layers is not kept for later'))).not.toEqual([]);
  });

  it('serves a search, unless it leaves the cache alone', async () => {
    const { layers } = await ask();
    const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
    const resolved = { name: 'small', path: model, data, dataFolder: folder, inputShapes: undefined };
    const from = { identity: await identityOf(resolved), seed: 0, engine: engine.description, code: '1' };
    const basis = async (ignoreCache: boolean): Promise<{ readonly divergence: number | undefined; readonly own: boolean }> => {
      const own = temporaryFolder();
      const support = searchSupport({
        recipe: { model: 'small.tflite' },
        folder: own,
        model: resolved,
        engine,
        target: anyTarget,
        threadScript: undefined,
        file: path.join(cacheFolder(folder), 'search-0.json'),
        layers: (report) => keptLayers({ from, folders: [own, folder], ignoreCache, report }),
        ignoreCache,
      });
      const { sensitivity } = await support.basis(own, new AbortController().signal, () => undefined);
      return { divergence: sensitivity.layers[0]?.choices[0]?.divergence, own: existsSync(cacheFolder(own)) };
    };
    for (const file of kept('layer'))
      await mark(file, (layer) => ({ ...layer, choices: layers[0]!.choices.map((choice) => ({ ...choice, divergence: 7 })) }));
    expect(await basis(false)).toEqual({ divergence: 7, own: false });
    // That basis is kept now, and not used either.
    expect(await basis(true)).toEqual({ divergence: layers[0]?.choices[0]?.divergence, own: true });
    expect((await basis(false)).divergence).toBe(layers[0]?.choices[0]?.divergence);
  });
});
