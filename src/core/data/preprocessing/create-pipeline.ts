import { unreachable } from '../../errors.ts';
import type { ExampleKind, ExampleSource } from '../example-source.ts';
import type { KeptExamples } from '../kept-examples.ts';
import { prepareExamples } from '../prepare-example.ts';
import { spreadIndices } from '../spread-indices.ts';
import { imagePipeline } from './image-pipeline.ts';
import type { Pipeline, PipelineOptions } from './pipeline.ts';
import type { Normalisation } from './preprocessing.ts';
import { soundPipeline } from './sound-pipeline.ts';
import { tensorPipeline } from './tensor-pipeline.ts';

/** The preprocessing of one kind of examples. */
export function createPipeline(kind: ExampleKind, options: PipelineOptions): Pipeline {
  switch (kind) {
    case 'image':
      return imagePipeline(options);
    case 'sound':
      return soundPipeline(options);
    case 'tensor':
      return tensorPipeline(options);
    default:
      return unreachable(kind);
  }
}

/** Enough for three digits of mean and deviation, in seconds. */
const measuredExamples = 5000;

/** Mean and standard deviation of each channel over the training examples (evenly spaced ones when there are many). */
export async function measureChannels(source: ExampleSource, pipeline: Pipeline, kept?: KeptExamples): Promise<Normalisation> {
  const length = pipeline.inputShape.reduce((product, size) => product * size, 1);
  const channels = pipeline.inputShape[pipeline.inputShape.length - 1] ?? 1;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const values = new Float32Array(length);
  const prepare = prepareExamples(source, pipeline, kept);
  const measured = Math.min(source.size, measuredExamples);
  for (const index of spreadIndices(source.size, measured)) {
    pipeline.finish(await prepare(index), values, 0, undefined);
    for (let j = 0; j < length; j++) {
      const value = values[j] ?? 0;
      sums[j % channels] = (sums[j % channels] ?? 0) + value;
      squares[j % channels] = (squares[j % channels] ?? 0) + value * value;
    }
  }
  const count = Math.max((measured * length) / channels, 1);
  const mean = Array.from(sums, (sum) => sum / count);
  const standardDeviation = mean.map((value, channel) => {
    const variance = (squares[channel] ?? 0) / count - value * value;
    // A constant channel gets a deviation of 1, which leaves it at zero.
    return variance > 1e-12 ? Math.sqrt(variance) : 1;
  });
  return { mean, standardDeviation };
}
