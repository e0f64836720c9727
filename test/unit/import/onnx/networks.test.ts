/** Networks in the shape of well-known ones, as PyTorch exports them: imported, and as .tflite in LiteRT. */
import { describe, expect, it } from 'vitest';
import type { Network } from '../../../../src/core/network/network.ts';
import { prepareForDeployment } from '../../../../src/core/network/passes/prepare-for-deployment.ts';
import { elementCount } from '../../../../src/core/network/shapes/shape.ts';
import { writeTflite } from '../../../../src/core/tflite/write-tflite.ts';
import { randomData } from '../../fixtures/random-data.ts';
import { referenceOutputs } from '../../network/reference-executor.ts';
import { quantizeByReference } from '../../tflite/quantized-reference.ts';
import { largestDifference, runFloat } from '../../tflite/run-tflite.ts';
import { importCompared, kindsOf } from './compared.ts';
import { OnnxWriter } from './onnx-model.ts';
import { mobileNetV3, shuffleNet, squeezeNet, uNet, visionTransformer } from './torch-networks.ts';

describe('networks as PyTorch exports them', () => {
  it('ShuffleNet: of each channel shuffle one transposition is left, which is said', async () => {
    const imported = await importCompared(shuffleNet().bytes({ opset: 18 }));
    expect(kindsOf(imported).filter((kind) => kind === 'permute')).toHaveLength(2);
    expect(imported.warnings.at(-1)).toMatch(
      /^2 transpositions are left in the network, at "Reshape\/Reshape_\d+", "Reshape\/Reshape_\d+"$/,
    );
    expect(imported.network.operations.some(({ layer }) => layer === 'stage2.1.branch2.3')).toBe(true);
  });

  it('SqueezeNet: pools in ceil mode, and nothing is transposed', async () => {
    const imported = await importCompared(squeezeNet().bytes({ opset: 12 }));
    expect(kindsOf(imported)).not.toContain('permute');
    expect(kindsOf(imported).filter((kind) => kind === 'concat')).toHaveLength(2);
  });

  it('MobileNetV3: hard swish in both forms is one activation, and nothing is transposed', async () => {
    const imported = await importCompared(mobileNetV3().bytes());
    expect(kindsOf(imported)).not.toContain('permute');
    const swishes = imported.network.operations.filter(
      (operation) => operation.kind === 'activation' && operation.function === 'hardSwish',
    );
    expect(swishes).toHaveLength(4);
  });

  it('U-Net: the output is an image with the classes last', async () => {
    const imported = await importCompared(uNet().bytes());
    expect(kindsOf(imported)).not.toContain('permute');
    expect(kindsOf(imported).filter((kind) => kind === 'transposeConv2d' || kind === 'resize')).toEqual(['transposeConv2d', 'resize']);
    expect(imported.network.values.get(imported.network.outputs[0] ?? '')?.shape).toEqual([16, 12, 3]);
    expect(imported.warnings).toContainEqual(expect.stringContaining('was channels-first [3, 16, 12]; it is now [16, 12, 3]'));
  });

  it('a vision transformer: Gelu is one activation, attention is made of products', async () => {
    const imported = await importCompared(visionTransformer().bytes({ opset: 18 }));
    const gelus = imported.network.operations.filter((operation) => operation.kind === 'activation' && operation.function === 'gelu');
    expect(gelus).toHaveLength(1);
    expect(kindsOf(imported).filter((kind) => kind === 'batchMatmul')).toHaveLength(2);
  });
});

describe('batches that PyTorch flattens together with steps', () => {
  it("nn.MultiheadAttention's projection: rows of all steps are one matrix", async () => {
    const model = new OnnxWriter();
    const steps = model.node('Transpose', [model.input('x', ['n', 5, 8])], { perm: [1, 0, 2] });
    const rows = model.node('Reshape', [steps, model.integers([-1, 8])]);
    const projected = model.node('Gemm', [rows, model.weight([6, 8]), model.weight([6])], { transB: 1 });
    const again = model.node('Reshape', [projected, model.integers([5, -1, 6])]);
    model.output(model.node('Transpose', [again], { perm: [1, 0, 2] }));
    const imported = await importCompared(model.bytes());
    expect(kindsOf(imported).filter((kind) => kind === 'dense')).toHaveLength(1);
    expect(kindsOf(imported)).not.toContain('permute');
  });
});

describe('their .tflite in LiteRT', () => {
  const networks = { shuffleNet, squeezeNet, mobileNetV3, uNet, visionTransformer };

  /** Relative to the largest output. */
  async function difference(bytes: Uint8Array, network: Network, input: Float32Array): Promise<number> {
    const expected = Float32Array.from(referenceOutputs(network, [input])[0] ?? []);
    const [found] = await runFloat(bytes, [input]);
    return largestDifference(found ?? [], expected) / expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  }

  it.each(Object.entries(networks))('%s, in float and in int8', async (_, build) => {
    const { network: imported } = await importCompared(build().bytes({ opset: 18 }));
    const network = prepareForDeployment(imported);
    const length = elementCount(network.values.get(network.inputs[0] ?? '')?.shape ?? []);
    const examples = [1, 2, 3, 4].map((seed) => [randomData(length, seed)]);
    const input = examples[0]![0]!;
    expect(await difference(writeTflite({ kind: 'float', network }), network, input)).toBeLessThan(2e-5);
    const quantized = quantizeByReference(network, examples, 'int8');
    expect(
      await difference(writeTflite({ kind: 'integer', quantized, inputType: 'float32', outputType: 'float32' }), network, input),
    ).toBeLessThan(0.15);
  });

  it('outputs are called what the export called them, whatever modules are called', async () => {
    const model = new OnnxWriter(7);
    const image = model.input('image', ['n', 6]);
    const logits = model.node('Gemm', [image, model.weight([3, 6], 'kind.weight'), model.weight([3], 'kind.bias')], { transB: 1 });
    const place = model.node('Gemm', [image, model.weight([2, 6], 'kind_1.weight')], { transB: 1 }, 'place');
    model.output(model.node('LogSoftmax', [logits], { axis: 1 }, 'kind')).output(place);
    const { network } = await importCompared(model.bytes({ opset: 13 }));
    expect(network.outputs).toEqual(['kind', 'place']);
    // Rules for layers go by the modules.
    expect(network.operations.map(({ kind, layer }) => `${kind} ${layer}`)).toEqual(expect.arrayContaining(['dense kind', 'dense kind_1']));
  });
});
