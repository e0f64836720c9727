import { loadRuntime } from '../../../src/core/tflite/runtime.ts';

/** Runs a .tflite with float inputs and outputs once in LiteRT. */
export async function runFloat(bytes: Uint8Array, inputs: readonly Float32Array[]): Promise<Float32Array[]> {
  const interpreter = await (await loadRuntime()).load(bytes);
  try {
    const outputs = await interpreter.run(inputs.map((input) => new Uint8Array(input.buffer, input.byteOffset, input.byteLength)));
    return outputs.map((output) => new Float32Array(output.buffer, output.byteOffset, output.byteLength / 4));
  } finally {
    await interpreter.dispose();
  }
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}
