import type { ArenaBuffer, ArenaLayout, KernelLibrary } from '../../../shared/hardware.ts';
import { EspalierError } from '../../errors.ts';
import type { TfliteModel } from '../../tflite/tflite-model.ts';
import { bufferLifetimes } from './buffer-lifetimes.ts';
import { planGreedily } from './greedy-planner.ts';

/** Placing takes time by the square of the buffers. */
const mostBuffers = 20_000;

/**
 * The non-persistent part of TFLite Micro's tensor arena: every tensor and scratch buffer with its place and time. Exact for tensors; scratch
 * buffers depend on the kernels.
 *
 * @param kernels undefined leaves scratch buffers out
 * @throws EspalierError as `bufferLifetimes`
 */
export function planArena(model: TfliteModel, kernels: KernelLibrary | undefined): ArenaLayout {
  const { steps, buffers: live } = bufferLifetimes(model, kernels);
  if (live.length > mostBuffers)
    throw new EspalierError('unsupported-model', `it has ${live.length} tensors that are computed; at most ${mostBuffers} are planned`);
  const offsets = planGreedily(live);
  const buffers = live.map(({ name, kind, bytes, firstStep, lastStep }, index): ArenaBuffer => {
    return { name, kind, bytes, offset: offsets[index] ?? 0, firstStep, lastStep };
  });
  const bytes = buffers.reduce((most, buffer) => Math.max(most, buffer.offset + buffer.bytes), 0);
  return { bytes, steps, buffers, peakStep: peakStep(buffers, steps.length) };
}

function peakStep(buffers: readonly ArenaBuffer[], steps: number): number {
  const top = new Array<number>(steps).fill(0);
  const used = new Array<number>(steps).fill(0);
  for (const { firstStep, lastStep, offset, bytes } of buffers) {
    for (let step = Math.max(firstStep, 0); step <= lastStep; step++) {
      top[step] = Math.max(top[step] ?? 0, offset + bytes);
      used[step] = (used[step] ?? 0) + bytes;
    }
  }
  const compare = (a: number, b: number): number => (top[a] ?? 0) - (top[b] ?? 0) || (used[a] ?? 0) - (used[b] ?? 0);
  return top.reduce((best, _, step) => (compare(step, best) > 0 ? step : best), 0);
}
