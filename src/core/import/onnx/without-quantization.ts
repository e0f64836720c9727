import { encode } from '../../protobuf/message.ts';
import { modelProto, type ModelProto, type NodeProto } from '../../protobuf/onnx.ts';

/**
 * The float model that a model in the QDQ format stands for: what a network that keeps floats is compared with.
 *
 * @returns undefined where no value is quantized on its way through the model
 */
export function withoutQuantization(model: ModelProto): Uint8Array | undefined {
  const { graph } = model;
  if (graph === undefined) return undefined;
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const taken = new Set(graph.input.map(({ name }) => name).filter((name) => !constants.has(name)));
  let found = false;
  const node = graph.node.map((own): NodeProto => {
    const [first = ''] = own.input;
    if (own.opType === 'Constant' || (isQuantization(own) && constants.has(first))) {
      for (const output of own.output) constants.add(output);
      return own;
    }
    // Integers that the model takes as they are have to be scaled.
    if (!isQuantization(own) || (own.opType === 'DequantizeLinear' && taken.has(first))) return own;
    found = true;
    return { ...own, opType: 'Identity', input: [first], attribute: [] };
  });
  // What is stated of types within the graph is no longer so.
  return found ? encode(modelProto, { ...model, graph: { ...graph, node, valueInfo: [] } }) : undefined;
}

function isQuantization({ opType, domain }: NodeProto): boolean {
  return domain === '' && (opType === 'QuantizeLinear' || opType === 'DequantizeLinear');
}
