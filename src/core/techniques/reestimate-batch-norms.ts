import { spreadIndices } from '../data/spread-indices.ts';
import { EspalierError } from '../errors.ts';
import type { Network, Parameter } from '../network/network.ts';
import type { BatchNorm } from '../network/operations.ts';
import { compileInference } from '../lowering/inference.ts';
import type { TechniqueContext } from './technique.ts';

const batchSize = 64;
const defaultSamples = 1024;

/**
 * Mean and variance of every batch norm measured again on training data, one after the other, so that each sees what
 * the ones before it give now. Pruned and clustered weights shift these statistics, and folding would freeze the error.
 * Finkelstein et al. 2019, arXiv:1906.03193. The examples are augmented as in training, for which the weights were made:
 * with statistics of plain images a MobileNet trained on shifted ones loses 3 points.
 */
export async function reestimateBatchNorms(
  network: Network,
  { engine, data, signal }: Pick<TechniqueContext, 'engine' | 'data' | 'signal'>,
  samples = defaultSamples,
): Promise<Network> {
  let current = network;
  const count = Math.min(samples, data.train.size);
  const indices = spreadIndices(data.train.size, count);
  for (const operation of network.operations) {
    if (operation.kind !== 'batchNorm') continue;
    const [source] = operation.inputs;
    if (source === undefined) continue;
    const channels = network.parameters.get(operation.mean)?.data.length ?? 0;
    const moments = new Moments(channels);
    const size = Math.min(batchSize, count);
    const inference = await compileInference(engine, current, size, { outputs: [source] });
    try {
      for (let start = 0; start < count; start += size) {
        if (signal.aborted) throw new EspalierError('cancelled', 'measuring batch-norm statistics was cancelled');
        const batch = await data.train.read(indices.subarray(start, Math.min(start + size, count)), 0);
        const [values] = await inference.run(batch.inputs, batch.size);
        if (values !== undefined) moments.add(values);
      }
    } finally {
      await inference.dispose();
    }
    current = withStatistics(current, operation, moments);
  }
  return current;
}

/** Running sums over all axes but the last. */
class Moments {
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  #rows = 0;

  constructor(channels: number) {
    this.#sum = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
  }

  add(values: Float32Array): void {
    const channels = this.#sum.length;
    values.forEach((value, i) => {
      const channel = i % channels;
      this.#sum[channel] = (this.#sum[channel] ?? 0) + value;
      this.#squares[channel] = (this.#squares[channel] ?? 0) + value * value;
    });
    this.#rows += values.length / channels;
  }

  mean(): Float32Array {
    return Float32Array.from(this.#sum, (sum) => sum / this.#rows);
  }

  variance(): Float32Array {
    return Float32Array.from(this.#squares, (sum, c) => Math.max(0, sum / this.#rows - ((this.#sum[c] ?? 0) / this.#rows) ** 2));
  }
}

function withStatistics(network: Network, operation: BatchNorm, moments: Moments): Network {
  const parameters = new Map(network.parameters);
  const replace = (id: string, data: Float32Array): void => {
    const known: Parameter | undefined = parameters.get(id);
    if (known !== undefined) parameters.set(id, { shape: known.shape, data });
  };
  replace(operation.mean, moments.mean());
  replace(operation.variance, moments.variance());
  return { ...network, parameters };
}
