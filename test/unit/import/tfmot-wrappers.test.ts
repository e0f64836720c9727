/** Models that were saved with the wrappers of TensorFlow's Model Optimization Toolkit still on. */
import { describe, expect, it } from 'vitest';
import type { ImportedModel } from '../../../src/core/import/import-model.ts';
import { importFiles, kerasH5, kerasV3, type NamedWeight } from './keras-model-files.ts';

const dense = { class_name: 'Dense', config: { name: 'dense', units: 2, activation: 'linear' } };
const wrapped = (class_name: string, name: string, config: object, layer: object = dense): object => ({
  class_name,
  config: { name, batch_input_shape: [null, 3], layer, ...config },
});
const sequential = (...layers: readonly object[]): object => ({ class_name: 'Sequential', config: { name: 'model', layers } });
const weight = (name: string, shape: readonly number[], ...data: number[]): NamedWeight => ({ name, shape, data: Float32Array.from(data) });
const [kernel, bias] = [weight('dense/kernel', [3, 2], 1, 2, 3, 4, 5, 6), weight('dense/bias', [2], 0.5, -0.5)];

const read = async (config: object, weights: Readonly<Record<string, readonly NamedWeight[]>>): Promise<ImportedModel> =>
  importFiles({ 'model.h5': await kerasH5(config, new Map(Object.entries(weights))) });
/** As `[out, in]`. */
const kernelOf = ({ network }: ImportedModel): number[] => [...(network.parameters.get('dense/kernel')?.data ?? [])];

describe('wrappers of TFMOT', () => {
  it('PruneLowMagnitude: the kernel as masked, under the name of the layer', async () => {
    const model = await read(sequential(wrapped('PruneLowMagnitude', 'prune_low_magnitude_dense', { block_size: [1, 1] })), {
      prune_low_magnitude_dense: [
        kernel,
        bias,
        weight('prune_low_magnitude_dense/mask', [3, 2], 1, 0, 1, 1, 0, 1),
        weight('prune_low_magnitude_dense/threshold', [1], 2),
        weight('prune_low_magnitude_dense/pruning_step', [1], 9),
      ],
    });
    expect(model.network.operations.map(({ layer }) => layer)).toEqual(['dense']);
    expect(kernelOf(model)).toEqual([1, 3, 0, 0, 4, 6]);
  });

  it('PruneLowMagnitude in a .keras file, which has no names of weights', async () => {
    const bytes = await kerasV3(sequential(wrapped('PruneLowMagnitude', 'prune_low_magnitude_dense', {})), [
      weight('layers/prune_low_magnitude/layer/vars/0', [3, 2], 1, 2, 3, 4, 5, 6),
      weight('layers/prune_low_magnitude/layer/vars/1', [2], 0, 0),
      weight('layers/prune_low_magnitude/vars/0', [3, 2], 0, 1, 1, 1, 1, 1),
      weight('layers/prune_low_magnitude/vars/1', [1], 2),
      weight('layers/prune_low_magnitude/vars/2', [1], 2),
    ]);
    expect(kernelOf(await importFiles({ 'model.keras': bytes }))).toEqual([0, 3, 5, 2, 4, 6]);
  });

  it('a mask that fits no kernel is an error that says how to strip the wrappers', async () => {
    const model = read(sequential(wrapped('PruneLowMagnitude', 'prune', {})), {
      prune: [kernel, bias, weight('prune/mask', [2, 2], 1, 1, 1, 1)],
    });
    await expect(model).rejects.toThrow(/has 1 pruning masks for 0 kernels of their shapes; strip the wrappers with tfmot\.sparsity/);
  });

  it('ClusterWeights: the centroid of each weight', async () => {
    const model = await read(sequential(wrapped('ClusterWeights', 'cluster_dense', { number_of_clusters: 2 })), {
      cluster_dense: [
        weight('cluster_dense/cluster_centroids_kernel', [2], -1, 4),
        kernel,
        bias,
        weight('cluster_dense/pulling_indices_kernel', [3, 2], 0, 0, 1, 1, 1, 0),
      ],
    });
    expect(kernelOf(model)).toEqual([-1, 4, 4, -1, 4, -1]);
    expect([...(model.network.parameters.get('dense/bias')?.data ?? [])]).toEqual([0.5, -0.5]);
  });

  it('quantize_annotate: the layer as it is', async () => {
    const model = await read(sequential(wrapped('QuantizeAnnotate', 'quantize_annotate', { quantize_config: null })), {
      quantize_annotate: [kernel, bias],
    });
    expect(kernelOf(model)).toEqual([1, 3, 5, 2, 4, 6]);
  });

  it('quantize_model: float weights, the activation inside the quantizer, and the ranges that it saw', async () => {
    const activation = { class_name: 'QuantizeAwareActivation', config: { activation: 'relu', quantizer: {} } };
    const layers = sequential(
      { class_name: 'QuantizeLayer', config: { name: 'quantize_layer', batch_input_shape: [null, 3], quantizer: {} } },
      wrapped('QuantizeWrapperV2', 'quant_dense', { quantize_config: {} }, { ...dense, config: { ...dense.config, activation } }),
    );
    const model = await read(layers, {
      quantize_layer: [
        weight('quantize_layer/quantize_layer_min', [1], -2),
        weight('quantize_layer/quantize_layer_max', [1], 3),
        weight('quantize_layer/optimizer_step', [1], -1),
      ],
      quant_dense: [
        kernel,
        bias,
        weight('quant_dense/optimizer_step', [1], -1),
        weight('quant_dense/kernel_min', [1], -6),
        weight('quant_dense/kernel_max', [1], 6),
        weight('quant_dense/post_activation_min', [1], 0),
        weight('quant_dense/post_activation_max', [1], 9),
      ],
    });
    expect(kernelOf(model)).toEqual([1, 3, 5, 2, 4, 6]);
    const { network, ranges } = model;
    expect(network.operations).toMatchObject([{ kind: 'dense', activation: 'relu' }]);
    expect([network.inputs[0], network.outputs[0]].map((id) => ranges.get(id ?? ''))).toEqual([
      { minimum: -2, maximum: 3 },
      { minimum: 0, maximum: 9 },
    ]);
  });
});
