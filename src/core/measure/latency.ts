import { performance } from 'node:perf_hooks';
import type { Latency } from '../../shared/results.ts';
import { createRandom } from '../random.ts';
import { loadRuntime } from '../tflite/runtime.ts';

export interface LatencyOptions {
  readonly warmUpRuns?: number;
  readonly runs?: number;
  /** Stops after so many milliseconds of measured runs, with at least ten of them. */
  readonly budgetMilliseconds?: number;
}

/** Time of one inference in the embedded runtime on this machine: never a device's latency. */
export async function measureLatency(
  bytes: Uint8Array,
  { warmUpRuns = 10, runs = 200, budgetMilliseconds = 3000 }: LatencyOptions = {},
): Promise<Latency> {
  const runtime = await loadRuntime();
  const interpreter = await runtime.load(bytes);
  try {
    const random = createRandom(0);
    const inputs = interpreter.inputs.map((input) =>
      input.type === 'float32'
        ? new Uint8Array(Float32Array.from({ length: input.bytes / 4 }, () => random.next()).buffer)
        : Uint8Array.from({ length: input.bytes }, () => random.integer(256)),
    );
    for (let i = 0; i < warmUpRuns; i++) await interpreter.run(inputs);
    const times: number[] = [];
    for (let spent = 0; times.length < runs && (times.length < 10 || spent < budgetMilliseconds);) {
      const start = performance.now();
      await interpreter.run(inputs);
      const time = performance.now() - start;
      times.push(time);
      spent += time;
    }
    times.sort((a, b) => a - b);
    return {
      medianMilliseconds: quantile(times, 0.5),
      p10Milliseconds: quantile(times, 0.1),
      p90Milliseconds: quantile(times, 0.9),
      runs: times.length,
      runtime: runtime.description,
    };
  } finally {
    await interpreter.dispose();
  }
}

/** Of ascending values, interpolated between neighbours. */
export function quantile(ascending: readonly number[], fraction: number): number {
  const position = (ascending.length - 1) * fraction;
  const below = ascending[Math.floor(position)] ?? 0;
  const above = ascending[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}
