import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../src/core/engine/engine.ts';
import { isKeptLayer, type KeptLayer, type KeptLayers } from '../../../src/core/sensitivity/kept-layers.ts';
import { measureSensitivity, type Sensitivity, type SensitivityRequest } from '../../../src/core/sensitivity/measure-sensitivity.ts';
import { residualNetwork } from '../techniques/technique-fixtures.ts';
import { halves } from '../train/training-fixtures.ts';

let engine: Engine;
let whole: Sensitivity;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
  whole = await measured();
});

const data = halves(48);

function measured(options: Partial<SensitivityRequest> = {}): Promise<Sensitivity> {
  const { signal } = new AbortController();
  return measureSensitivity({ engine, network: residualNetwork(), data, seed: 0, activations: true, signal, ...options });
}

interface Store extends KeptLayers {
  readonly files: Map<string, string>;
}

/** As text, as files are. */
function store(onKeep: () => void = () => undefined): Store {
  const files = new Map<string, string>();
  return {
    files,
    read(part) {
      const text = files.get(JSON.stringify(part));
      const value: unknown = text === undefined ? undefined : JSON.parse(text);
      return Promise.resolve(isKeptLayer(value) ? value : undefined);
    },
    keep(part, layer) {
      files.set(JSON.stringify(part), JSON.stringify(layer));
      onKeep();
      return Promise.resolve();
    },
  };
}

describe('layers that are done', () => {
  it('are kept when a measurement is cancelled, which goes on with the others to the same figures', async () => {
    const controller = new AbortController();
    // Weights and activations of two layers of four.
    const kept = store(() => {
      if (kept.files.size === 4) controller.abort();
    });
    await expect(measured({ kept, signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
    const before = [...kept.files.keys()];
    expect(before).toHaveLength(4);
    const written: string[] = [];
    const resumed = await measured({
      kept: {
        ...kept,
        keep: (part, layer) => {
          written.push(JSON.stringify(part));
          return kept.keep(part, layer);
        },
      },
    });
    expect(resumed).toEqual(whole);
    expect(written).toHaveLength(4);
    expect(written.filter((part) => before.includes(part))).toEqual([]);
  });

  it('are not measured again: nothing is compiled', async () => {
    const kept = store();
    await measured({ kept });
    const unused: Engine = { ...engine, compile: () => Promise.reject(new Error('nothing is to be measured')) };
    expect(await measured({ kept, engine: unused })).toEqual(whole);
    const weights = await measured({ kept, engine: unused, activations: false });
    expect(weights.layers.map(({ choices }) => choices.length)).toEqual(whole.layers.map(({ choices }) => choices.length - 2));
    // Other data, other figures.
    await expect(measured({ kept, engine: unused, data: halves(40) })).rejects.toThrow('nothing is to be measured');
  });

  it('serve where weights alone were asked for, and activations are wanted too', async () => {
    const kept = store();
    await measured({ kept, activations: false });
    expect(kept.files.size).toBe(4);
    expect(await measured({ kept })).toEqual(whole);
    expect(kept.files.size).toBe(8);
  });

  it('have the types that are read', () => {
    const bytes = { raw: 1, gzip: 2, packed: 3, ethosU: 4 };
    const choice = { sparsity: 0, clusters: 0, bits: 8, divergence: 0.1, measured: true, bytes };
    const layer: KeptLayer = { fitted: true, choices: [{ ...choice, bits: 8 }] };
    expect(isKeptLayer(layer)).toBe(true);
    expect(isKeptLayer({ fitted: true, choices: [{ ...choice, bits: 5 }] })).toBe(false);
    // JSON has no numbers that are not finite.
    expect(isKeptLayer({ fitted: true, choices: [{ ...choice, divergence: null }] })).toBe(false);
    expect(isKeptLayer({ choices: [] })).toBe(false);
  });
});
