import type { Network } from '../../network/network.ts';
import { createRandom } from '../../random.ts';
import type { LayerInputs } from './layer-inputs.ts';
import type { Patches } from './patches.ts';

export interface PatchSample {
  readonly inputs: LayerInputs;
  /** The network with the layers changed so far. */
  readonly changed: Network;
  /** Of the layer's operation in the network. */
  readonly index: number;
  readonly patches: Patches;
  /** Patches at most; default: 4 for each weight of a filter, at least 4,096 and at most 32,768. */
  readonly most?: number | undefined;
  readonly seed: number;
}

/** Patches of one image are similar, so many images are used rather than many patches of each. */
const fewestExamples = 512;
/** Against 16, accuracies on two networks differ by no more than seeds do: docs/performance.md. */
const patchesPerWeight = 4;
const fewestPatches = 4096;
const mostPatches = 32_768;

/** The same patches of the layer's input in both networks, each `[rows, d]`; one array where nothing before the layer differs. */
export interface PatchPairs {
  readonly whole: Float32Array;
  readonly changed: Float32Array;
  /** Rows that are filled. */
  readonly count: number;
}

/**
 * Patches of a layer's input on training examples, in chunks of `rows`; the last is filled up with zeros. A chunk is the
 * generator's: the next one overwrites it.
 *
 * @throws EspalierError `cancelled`
 */
export async function* samplePatches(
  { inputs, changed, index, patches, most = mostPatches, seed }: PatchSample,
  rows: number,
): AsyncGenerator<PatchPairs> {
  const wanted = Math.min(Math.max(patchesPerWeight * patches.length, fewestPatches), most);
  const examples = Math.min(inputs.size, Math.max(fewestExamples, Math.ceil(wanted / patches.positions)));
  const perExample = Math.min(patches.positions, Math.ceil(wanted / examples));
  const random = createRandom(seed);
  const ofChanged = new Float32Array(rows * patches.length);
  let ofWhole = ofChanged;
  let row = 0;
  for await (const input of inputs.read(changed, index, examples)) {
    const differ = input.whole !== input.changed;
    if (differ && ofWhole === ofChanged) ofWhole = ofChanged.slice();
    for (let read = 0; read < input.examples * perExample; read++) {
      const example = Math.floor(read / perExample) * (input.changed.length / input.examples);
      const position = perExample === patches.positions ? read % perExample : random.integer(patches.positions);
      patches.read(input.changed, example, position, ofChanged, row * patches.length);
      if (differ) patches.read(input.whole, example, position, ofWhole, row * patches.length);
      if (++row < rows) continue;
      yield { whole: ofWhole, changed: ofChanged, count: rows };
      row = 0;
    }
  }
  if (row === 0) return;
  for (const chunk of new Set([ofChanged, ofWhole])) chunk.fill(0, row * patches.length);
  yield { whole: ofWhole, changed: ofChanged, count: row };
}
