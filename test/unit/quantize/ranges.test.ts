import { describe, expect, it } from 'vitest';
import { createRangeObserver, extentOfValues, type RangeObserver } from '../../../src/core/quantize/observers.ts';
import { coveredRange, rangeQuantization } from '../../../src/core/quantize/range-quantization.ts';
import { quantizeWeights, weightScales } from '../../../src/core/quantize/weight-quantization.ts';

describe('the parameters of a range', () => {
  it('cover 0 to 255 times the scale', () => {
    expect(rangeQuantization({ minimum: 0, maximum: 255 }, 'int8')).toEqual({ scale: 1, zeroPoint: -128, type: 'int8' });
  });

  it('are nudged so that zero is an integer', () => {
    // scale 2/255; -128 + 0.5 / scale = -64.25, so the range becomes [-64, 191] * 2 / 255.
    const quantization = rangeQuantization({ minimum: -0.5, maximum: 1.5 }, 'int8');
    expect(quantization.zeroPoint).toBe(-64);
    const covered = coveredRange(quantization);
    expect(covered.minimum).toBeCloseTo((-64 * 2) / 255, 6);
    expect(covered.maximum).toBeCloseTo((191 * 2) / 255, 6);
  });

  it('include zero and survive an empty range', () => {
    expect(rangeQuantization({ minimum: 2, maximum: 5.1 }, 'int8')).toEqual({ scale: Math.fround(0.02), zeroPoint: -128, type: 'int8' });
    expect(rangeQuantization({ minimum: 0, maximum: 0 }, 'int8').scale).toBeGreaterThan(0);
  });

  it('are symmetric for int16', () => {
    expect(rangeQuantization({ minimum: -3.2767, maximum: 1 }, 'int16')).toEqual({
      scale: Math.fround(0.0001),
      zeroPoint: 0,
      type: 'int16',
    });
  });
});

/** Shows a batch to an observer, or what it sees of it. */
function show(observer: RangeObserver, values: Float32Array): void {
  if (observer.sees === 'values') observer.observe(values);
  else observer.observe(extentOfValues(values));
}

describe('observers', () => {
  it('average from the first batch on', () => {
    const observer = createRangeObserver({ kind: 'movingAverage', momentum: 0.9 });
    show(observer, Float32Array.of(-1, 2));
    show(observer, Float32Array.of(-2, 4));
    expect(observer.range().minimum).toBeCloseTo(-1.1, 6);
    expect(observer.range().maximum).toBeCloseTo(2.2, 6);
  });

  it('keep the extremes of every batch, and zero', () => {
    const observer = createRangeObserver({ kind: 'minMax' });
    show(observer, Float32Array.of(3, 4));
    show(observer, Float32Array.of(1, 2));
    expect(observer.range()).toEqual({ minimum: 0, maximum: 4 });
  });

  it('leave a percentile outside, however the range grows', () => {
    const observer = createRangeObserver({ kind: 'percentile', percentile: 98 });
    for (let batch = 1; batch <= 10; batch++)
      show(
        observer,
        Float32Array.from({ length: 1000 }, (_, i) => (batch / 10) * ((i - 499.5) / 499.5)),
      );
    show(observer, Float32Array.of(1000));
    expect(observer.range().maximum).toBeLessThan(1.3);
    expect(observer.range().minimum).toBeGreaterThan(-1.3);
    expect(observer.range().maximum).toBeGreaterThan(0.7);
  });
});

describe('the range of least squared error', () => {
  const uniform = (length: number, largest: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => (largest * (i + 0.5)) / length);

  it('holds all values where none stands out', () => {
    const observer = createRangeObserver({ kind: 'squaredError' });
    show(observer, uniform(10000, 4));
    expect(observer.range().minimum).toBe(0);
    expect(observer.range().maximum).toBeCloseTo(4, 1);
  });

  it('gives an outlier up exactly as far as finer steps for the others pay for it', () => {
    // 100,000 values below 1 and one of 10. A range to r costs 1e5 * (r / 255)^2 / 12 + (10 - r)^2, least at
    // r = 10 / (1 + 1e5 / (12 * 255^2)) = 8.864; candidates are a hundredth of 10 apart.
    const observer = createRangeObserver({ kind: 'squaredError' });
    show(observer, uniform(100000, 1));
    show(observer, Float32Array.of(10));
    expect(Math.abs(observer.range().maximum - 8.864)).toBeLessThanOrEqual(0.06);
  });

  it('keeps the zero point of values of both signs', () => {
    const observer = createRangeObserver({ kind: 'squaredError' });
    show(
      observer,
      Float32Array.from({ length: 100000 }, (_, i) => (i % 2 === 0 ? -0.5 : 1) * Math.abs(Math.sin(i))),
    );
    show(observer, Float32Array.of(20, -10));
    const { minimum, maximum } = observer.range();
    expect(maximum / minimum).toBeCloseTo(-2, 5);
    expect(maximum).toBeLessThan(20);
  });
});

describe('weights', () => {
  it('take the largest magnitude over 127 as scale', () => {
    const weights = Float32Array.of(-1, 0.5, 0.25, -0.1);
    expect(weightScales(weights, [2, 2], undefined).scales).toEqual(Float32Array.of(1 / 127));
    expect(weightScales(weights, [2, 2], 0).scales).toEqual(Float32Array.of(1 / 127, 0.25 / 127));
    expect(Array.from(quantizeWeights(weights, [2, 2], weightScales(weights, [2, 2], 0)))).toEqual([-127, 64, 127, -51]);
  });

  it('of an all-zero channel keep a usable scale and stay zero', () => {
    const weights = Float32Array.of(1, -1, 0, 0);
    const quantization = weightScales(weights, [2, 2], 0);
    expect(quantization.scales[1]).toBeGreaterThan(1e-4);
    expect(Array.from(quantizeWeights(weights, [2, 2], quantization))).toEqual([127, -127, 0, 0]);
  });
});
