import { createHash } from 'node:crypto';
import type { ExampleSource, StoredNumbers } from './example-source.ts';
import type { KeptExamples } from './kept-examples.ts';
import type { Pipeline } from './preprocessing/pipeline.ts';

/** An example of the source as its pipeline prepares it. */
export type PrepareExample = (index: number) => StoredNumbers | Promise<StoredNumbers>;

/** @param kept where images from files are looked up before they are decoded, and put after */
export function prepareExamples(source: ExampleSource, pipeline: Pipeline, kept?: KeptExamples): PrepareExample {
  const { steps } = pipeline;
  const { readEncoded } = source;
  if (kept === undefined || readEncoded === undefined || steps.kind !== 'image') {
    return (index) => {
      const example = source.load(index);
      return example instanceof Promise ? example.then(pipeline.prepare) : pipeline.prepare(example);
    };
  }
  const { height, width, channels, fit, centreCrop, shorterSide } = steps;
  const length = height * width * channels;
  return async (index) => {
    const { bytes, decoder, decode } = await readEncoded(index);
    const key = createHash('sha256')
      .update(JSON.stringify({ decoder, height, width, channels, fit, centreCrop, shorterSide }))
      .update(bytes)
      .digest('hex');
    const known = await kept.get(key, length);
    if (known !== undefined) return known;
    const numbers = pipeline.prepare(await decode());
    if (numbers instanceof Uint8Array && numbers.length === length) await kept.put(key, numbers);
    return numbers;
  };
}
