import { INSPECTION_VERSION, type InspectedTensor, type ModelInspection } from '../../../shared/inspection.ts';
import type { WeightMetrics } from '../../../shared/results.ts';
import type { ImportedModel } from '../../import/import-model.ts';
import { kernelDensities } from '../../measure/density.ts';
import { kernelMetrics } from '../../measure/weight-metrics.ts';
import { describeNetwork } from '../../network/describe.ts';
import type { Network, Shape } from '../../network/network.ts';
import { hasKernel } from '../../network/kernel-operations.ts';

export function inspectNetwork(path: string, { network, format, warnings }: ImportedModel): ModelInspection {
  const description = describeNetwork(network);
  const values = (ids: readonly string[]): InspectedTensor[] => ids.map((id) => tensor(id, network.values.get(id)?.shape ?? [], false));
  return {
    version: INSPECTION_VERSION,
    path,
    format,
    inputs: values(network.inputs),
    outputs: values(network.outputs),
    operations: description.operations.map((operation, index) => ({
      index,
      kind: operation.kind,
      layer: operation.layer,
      inputs: network.operations[index]?.inputs ?? [],
      outputs: [network.operations[index]?.output ?? ''],
      outputShape: operation.outputShape,
      parameters: operation.parameters,
      details: operation.details,
    })),
    tensors: [...network.parameters].map(([id, { shape }]) => tensor(id, shape, true)),
    parameters: description.parameters,
    weights: networkWeights(network),
    densities: kernelDensities(network),
    sizes: undefined,
    fullInteger: undefined,
    warnings,
  };
}

function tensor(name: string, shape: Shape, constant: boolean): InspectedTensor {
  return { name, type: 'float32', shape, quantization: undefined, constant, sparse: false };
}

/** Kernels lie as in a .tflite: output channels first, but last in depthwise ones. */
function networkWeights(network: Network): readonly WeightMetrics[] {
  const seen = new Set<string>();
  return network.operations.flatMap((operation) => {
    if (!hasKernel(operation) || seen.has(operation.kernel)) return [];
    seen.add(operation.kernel);
    const kernel = network.parameters.get(operation.kernel);
    if (kernel === undefined) return [];
    return [
      kernelMetrics({
        layer: operation.layer,
        operation: operation.kind,
        tensor: {
          name: operation.kernel,
          shape: kernel.shape,
          shapeSignature: undefined,
          type: 'float32',
          quantization: undefined,
          sparsity: undefined,
          isVariable: false,
          data: undefined,
        },
        values: Float64Array.from(kernel.data),
        shape: kernel.shape,
        channelAxis: operation.kind === 'depthwiseConv2d' ? 3 : 0,
        isInteger: false,
        activations: 'float32',
      }),
    ];
  });
}
