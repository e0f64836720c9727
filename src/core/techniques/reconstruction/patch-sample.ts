import type { DataSet } from '../../data/dataset.ts';
import { spreadIndices } from '../../data/spread-indices.ts';
import type { Engine } from '../../engine/engine.ts';
import { EspalierError } from '../../errors.ts';
import type { Network, ValueId } from '../../network/network.ts';
import { createRandom } from '../../random.ts';
import { compileInference, type Inference } from '../../lowering/inference.ts';
import type { Patches } from './patches.ts';

export interface PatchSample {
  readonly engine: Engine;
  /** Of the same values. */
  readonly networks: readonly [whole: Network, pruned: Network];
  /** The layer's input. */
  readonly source: ValueId;
  readonly patches: Patches;
  /** Patches at most; default: 16 for each weight of a filter, at least 4,096 and at most 32,768. */
  readonly most?: number | undefined;
  /** Examples are read augmented, as in training. */
  readonly data: DataSet;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const batchSize = 64;
/** Patches of one image are similar, so many images are used rather than many patches of each. */
const fewestExamples = 512;
const patchesPerWeight = 16;
const fewestPatches = 4096;
const mostPatches = 32_768;

/** The same patches of the layer's input in both networks, each `[rows, d]`. */
export interface PatchPairs {
  readonly whole: Float32Array;
  readonly pruned: Float32Array;
  /** Rows that are filled. */
  readonly count: number;
}

/**
 * Patches of a layer's input on training examples, in chunks of `rows`; the last is filled up with zeros. A chunk is the
 * generator's: the next one overwrites it.
 *
 * @throws EspalierError `cancelled`
 */
export async function* samplePatches(sample: PatchSample, rows: number): AsyncGenerator<PatchPairs> {
  const { engine, networks, source, patches, data, seed, signal } = sample;
  const wanted = Math.min(Math.max(patchesPerWeight * patches.length, fewestPatches), sample.most ?? mostPatches);
  const examples = Math.min(data.size, Math.max(fewestExamples, Math.ceil(wanted / patches.positions)));
  const perExample = Math.min(patches.positions, Math.ceil(wanted / examples));
  const indices = spreadIndices(data.size, examples);
  const random = createRandom(seed);
  const whole = new Float32Array(rows * patches.length);
  const pruned = new Float32Array(rows * patches.length);
  let row = 0;
  const inferences: Inference[] = [];
  try {
    for (const network of networks)
      inferences.push(await compileInference(engine, network, Math.min(batchSize, examples), { outputs: [source] }));
    for (let start = 0; start < examples; start += batchSize) {
      if (signal.aborted) throw new EspalierError('cancelled', 'sampling the input of a layer was cancelled');
      const batch = await data.read(indices.subarray(start, Math.min(start + batchSize, examples)), 0);
      const results = await Promise.all(inferences.map((inference) => inference.run(batch.inputs, batch.size)));
      const [before = nothing, after = nothing] = results.map(([values]) => values);
      for (let read = 0; read < batch.size * perExample; read++) {
        const example = Math.floor(read / perExample) * (before.length / batch.size);
        const position = perExample === patches.positions ? read % perExample : random.integer(patches.positions);
        patches.read(before, example, position, whole, row * patches.length);
        patches.read(after, example, position, pruned, row * patches.length);
        if (++row < rows) continue;
        yield { whole, pruned, count: rows };
        row = 0;
      }
    }
    if (row > 0) yield { whole: whole.fill(0, row * patches.length), pruned: pruned.fill(0, row * patches.length), count: row };
  } finally {
    for (const inference of inferences) await inference.dispose();
  }
}

const nothing = new Float32Array(0);
