import { describe, expect, it } from 'vitest';
import { createScorer } from '../../../src/core/measure/tflite-scorer.ts';
import type { Interpreter, TensorDetails } from '../../../src/core/tflite/runtime.ts';

/** Gives back the bytes of its input. */
function echo(
  type: TensorDetails['type'],
  bytesEach: number,
  scale: number,
  zeroPoint: number,
): { readonly interpreter: Interpreter; readonly seen: Uint8Array[] } {
  const tensor: TensorDetails = {
    name: 'x',
    shape: [1, 4],
    type,
    quantization: { scales: [scale], zeroPoints: [zeroPoint], axis: 0 },
    bytes: 4 * bytesEach,
  };
  const seen: Uint8Array[] = [];
  return {
    seen,
    interpreter: {
      inputs: [tensor],
      outputs: [tensor],
      run: ([input]) => {
        const copy = input!.slice();
        seen.push(copy);
        return Promise.resolve([copy]);
      },
      dispose: () => Promise.resolve(),
    },
  };
}

describe('numbers on their way into and out of a file', () => {
  it('rounds halves away from zero and clamps to int8', async () => {
    const { interpreter, seen } = echo('int8', 1, 0.5, 3);
    const [outputs] = await createScorer(interpreter).run([Float32Array.of(0.25, -0.25, 100, -100, 0.2, -0.2, 0.75, -0.75)], 2);
    expect(seen.map((bytes) => [...new Int8Array(bytes.buffer)])).toEqual([
      [4, 2, 127, -128],
      [3, 3, 5, 1],
    ]);
    expect([...(outputs ?? [])]).toEqual([0.5, -0.5, 62, -65.5, 0, 0, 1, -1]);
  });

  it('clamps uint8 and int16 to their own ends', async () => {
    const unsigned = echo('uint8', 1, 1, 128);
    await createScorer(unsigned.interpreter).run([Float32Array.of(-500, 500, 0, -1)], 1);
    expect([...unsigned.seen[0]!]).toEqual([0, 255, 128, 127]);
    const wide = echo('int16', 2, 1, 0);
    await createScorer(wide.interpreter).run([Float32Array.of(-40_000, 40_000, 1.5, -1.5)], 1);
    expect([...new Int16Array(wide.seen[0]!.buffer)]).toEqual([-32_768, 32_767, 2, -2]);
  });

  it('passes floats through, each example its own', async () => {
    const { interpreter } = echo('float32', 4, 1, 0);
    const inputs = Float32Array.of(1, 2, 3, 4, -5, 0.1, 1e-30, 7);
    expect(await createScorer(interpreter).run([inputs], 2)).toEqual([inputs]);
  });
});
