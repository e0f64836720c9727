import { it } from 'vitest';
import { randomData } from '../../fixtures/random-data.ts';
import { filled } from '../training-fixtures.ts';
import { batchSize, bias, centralDifference, compare, engines, network, symbolicGradient } from './gradient-fixtures.ts';

it.each(['relu', 'relu6', 'none'] as const)('batch norm in training mode followed by %s: both engines agree', async (rectifier) => {
  const tested = network([3, 4, 1], (b, x) => {
    const statistics = { mean: filled([2], 0), variance: filled([2], 1) };
    const normalized = b.batchNorm('bn', x, { gamma: { shape: [2], data: Float32Array.of(2.7, 5.3) }, beta: bias(2, 5), ...statistics });
    return rectifier === 'none' ? normalized : b.activation('rectifier', normalized, rectifier);
  });
  const inputs = randomData(batchSize * 12, 8);
  const targets = randomData(batchSize * 24, 9);
  const [found, expected] = await Promise.all(
    engines.map((engine) =>
      symbolicGradient(
        engine,
        tested,
        { kind: 'meanSquaredError' },
        { kind: 'regression', size: 24 },
        { inputs, targets, labels: new Int32Array(0) },
        'training',
      ),
    ),
  );
  compare(found!, [...expected!], 2e-4);
});

it('batch norm in training mode: gradients go through the statistics of the batch', async () => {
  const tested = network([2, 3, 1], (b, x) => {
    const normalized = b.batchNorm('bn', x, {
      gamma: { shape: [2], data: Float32Array.of(0.7, 1.3) },
      beta: bias(2, 5),
      mean: filled([2], 0),
      variance: filled([2], 1),
      epsilon: 0.01,
    });
    return b.activation('tanh', normalized, 'tanh');
  });
  const inputs = randomData(batchSize * 6, 8);
  const targets = randomData(batchSize * 12, 9);
  const [kernel, first, gamma, beta] = ['first/kernel', 'first/bias', 'bn/gamma', 'bn/beta'].map((id) =>
    Float64Array.from(tested.parameters.get(id)!.data),
  );
  const lossOf = (): number => {
    const conv = Array.from({ length: 18 }, (_, p) => [0, 1].map((c) => inputs[p]! * kernel![c]! + first![c]!));
    let sum = 0;
    for (const c of [0, 1]) {
      const mean = conv.reduce((total, x) => total + x[c]!, 0) / 18;
      const variance = conv.reduce((total, x) => total + (x[c]! - mean) ** 2, 0) / 18;
      conv.forEach((x, p) => {
        sum += (Math.tanh((gamma![c]! * (x[c]! - mean)) / Math.sqrt(variance + 0.01) + beta![c]!) - targets[p * 2 + c]!) ** 2;
      });
    }
    return sum / 36;
  };
  const expected = [kernel!, first!, gamma!, beta!].flatMap((parameter) =>
    [...parameter.keys()].map((i) => centralDifference(parameter, i, lossOf)),
  );
  for (const engine of engines) {
    compare(
      await symbolicGradient(
        engine,
        tested,
        { kind: 'meanSquaredError' },
        { kind: 'regression', size: 12 },
        { inputs, targets, labels: new Int32Array(0) },
        'training',
      ),
      expected,
      2e-4,
    );
  }
});
