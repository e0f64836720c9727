import { describe, expect, it } from 'vitest';
import type { WeightVolume } from '../../../../src/core/hardware/ethos-u/npu-operation.ts';
import { orderWeights, type WeightTraversal } from '../../../../src/core/hardware/ethos-u/weight-order.ts';
import { encodedStreamBytes } from '../../../../src/core/hardware/ethos-u/weight-stream.ts';
import { paletteSections } from '../../../../src/core/hardware/ethos-u/palette-sections.ts';

const plain: WeightTraversal = {
  isDepthwise: false,
  isPartKernel: false,
  blockDepth: 8,
  outputUnit: 8,
  activationBits: 8,
  dilationHeight: 1,
  dilationWidth: 1,
};

/** Each weight tells its place: 1,000 output + 100 y + 10 x + input + 1. */
function labelled(outputs: number, height: number, width: number, inputs: number): WeightVolume {
  return { outputs, height, width, inputs, at: (o, y, x, i) => 1000 * o + 100 * y + 10 * x + i + 1 };
}

describe('order of weights', () => {
  it('fills up input channels to blocks of 32 and output channels to units', () => {
    const stream = orderWeights(labelled(2, 1, 1, 3), plain);
    // One block: 4 groups of 8 inputs, each for 8 outputs; 2 outputs and 3 inputs are there.
    expect(stream).toHaveLength(4 * 8 * 8);
    expect([...stream.subarray(0, 16)]).toEqual([1, 2, 3, 0, 0, 0, 0, 0, 1001, 1002, 1003, 0, 0, 0, 0, 0]);
    expect(stream.subarray(16).every((weight) => weight === 0)).toBe(true);
  });

  it('goes through all places of a kernel before the next channels, in groups of four, where part of the kernel is first', () => {
    const stream = orderWeights(labelled(1, 1, 3, 16), { ...plain, isPartKernel: true, outputUnit: 4 });
    const firstOfEach = Array.from({ length: stream.length / 32 }, (_, i) => stream[32 * i]);
    // Places 0, 1, 2 and one of zeros for inputs 0 to 7, then for inputs 8 to 15.
    expect(firstOfEach).toEqual([1, 11, 21, 0, 9, 19, 29, 0]);
  });

  it('a depthwise kernel has a weight for each channel, its places in groups of four', () => {
    const stream = orderWeights(labelled(8, 3, 3, 1), { ...plain, isDepthwise: true });
    expect(stream).toHaveLength(8 * 12);
    expect([...stream.subarray(0, 8)]).toEqual([1, 1001, 2001, 3001, 4001, 5001, 6001, 7001]);
    expect([...stream.subarray(8 * 8, 9 * 8)]).toEqual([221, 1221, 2221, 3221, 4221, 5221, 6221, 7221]);
    expect(stream.subarray(9 * 8).every((weight) => weight === 0)).toBe(true);
  });

  it('has every weight of any kernel once', () => {
    for (const [outputs, height, width, inputs] of [
      [10, 1, 1, 40],
      [17, 3, 5, 9],
      [4, 10, 9, 2],
    ] as const) {
      for (const isPartKernel of [false, true]) {
        for (const blockDepth of [8, 16]) {
          let next = 1;
          const seen = new Map<string, number>();
          const volume = {
            outputs,
            height,
            width,
            inputs,
            at: (...place: number[]) => seen.get(String(place)) ?? (seen.set(String(place), next), next++),
          };
          const weights = [...orderWeights(volume, { ...plain, isPartKernel, blockDepth })].filter((weight) => weight !== 0);
          expect(weights.sort((a, b) => a - b)).toEqual(Array.from({ length: outputs * height * width * inputs }, (_, i) => i + 1));
        }
      }
    }
  });
});

describe('encoded bytes', () => {
  const repeat = (values: readonly number[], length: number): Int16Array =>
    Int16Array.from({ length }, (_, i) => values[i % values.length]!);

  it('of zeros alone, counted by hand', () => {
    // Header 23 + 13, palette of 2 entries of 2 bits, 64 codes of a bit, end mark 3: 107 bits, rounded up to 128.
    expect(encodedStreamBytes(new Int16Array(64))).toBe(16);
  });

  it('of two values in turn, counted by hand', () => {
    // 3 is code 6, -3 is code 7: 3 bits an entry. 23 + 13 + 2 * 3 + 200 indices of a bit + 3 = 245 bits.
    expect(encodedStreamBytes(repeat([3, -3], 200))).toBe(32);
  });

  it('of zeros with a value now and then: runs are shorter than codes', () => {
    const weights = new Int16Array(1024);
    for (let i = 15; i < 1024; i += 16) weights[i] = 5;
    // 64 values and 65 runs of 15: run codes of 3 + 1 + 1 = 5 bits (divided by 8), the last run of none 4 bits; values a bit each.
    const bits = 23 + 13 + 2 * 4 + 64 + 64 * 5 + 4 + 3;
    expect(encodedStreamBytes(weights)).toBe((Math.ceil(bits / 128) * 128) / 8);
  });

  it('grow with the number of values, and shrink with zeros', () => {
    let state = 5;
    const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    const sized = (values: number, zeros: number): number =>
      encodedStreamBytes(Int16Array.from({ length: 4096 }, () => (random(100) < zeros ? 0 : random(values) - (values >> 1))));
    expect(sized(4, 0)).toBeLessThan(sized(16, 0));
    expect(sized(16, 0)).toBeLessThan(sized(200, 0));
    expect(sized(200, 80)).toBeLessThan(sized(200, 50));
    // Never much more than the 9 bits that a weight has at most.
    expect(sized(511, 0)).toBeLessThan((4096 * 9) / 8 + 64);
  });

  it('begins a palette anew where the values change', () => {
    const weights = Int16Array.from([...repeat([1, 2, 3, 4], 4000), ...repeat([50, 60, 70, 80], 4000)]);
    const [, second] = paletteSections(weights);
    expect(paletteSections(weights).length).toBeGreaterThan(1);
    expect(second!.length).toBeGreaterThan(3000);
  });
});
