import { describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { ActivationQuantizers } from '../../../src/core/train/activation-quantizers.ts';

function quantizers(freezeAfterStep = 10): ActivationQuantizers {
  const b = new NetworkBuilder('scaled');
  const network = b.build([b.pool2d('pool', b.input([2, 2, 1]), 'max', [2, 2])]);
  const ranges = new Map([[network.inputs[0] ?? '', { minimum: 0, maximum: 0 }]]);
  return new ActivationQuantizers(network, { ranges, freezeAfterStep, decay: 0.999 });
}

describe('the ranges of activations', () => {
  it('follow the moving average: [-1, 1], then [0, 0], from 0', () => {
    const moving = quantizers();
    const first = moving.move(moving.initialRanges(), Float32Array.of(-1, 1), 1);
    const second = moving.move(first, Float32Array.of(0, 0), 2);
    [-0.001, 0.001].forEach((value, i) => expect(first[i]).toBeCloseTo(value, 9));
    [-0.000999, 0.000999].forEach((value, i) => expect(second[i]).toBeCloseTo(value, 9));
  });

  it('go on including zero when all that is seen lies on one side of it', () => {
    const moving = quantizers();
    const ranges = moving.move(moving.initialRanges(), Float32Array.of(2, 5), 1);
    expect(ranges[0]).toBe(0);
    expect(ranges[1]).toBeCloseTo(0.005, 9);
  });

  it('stand still after the step at which they freeze', () => {
    const moving = quantizers(1);
    const ranges = Float32Array.of(-3, 4);
    expect(moving.move(ranges, Float32Array.of(-9, 9), 2)).toEqual(ranges);
    expect(moving.move(ranges, Float32Array.of(-9, 9), 1)).not.toEqual(ranges);
  });

  it('are fed nudged, so that zero is a code: [-0.1, 1] has its zero point at -105', () => {
    const [minimum = 0, maximum = 0, scale = 0] = quantizers().feeds(Float32Array.of(-0.1, 1));
    expect(scale).toBeCloseTo(1.1 / 255, 7);
    // round(-128 + 0.1 / scale) = -105.
    expect(minimum / scale).toBeCloseTo(-23, 4);
    expect(maximum / scale).toBeCloseTo(232, 4);
  });
});
