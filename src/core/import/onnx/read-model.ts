/** From the bytes of an ONNX file to its graph: functions of the file are put in the place of their calls. */
import { EspalierError } from '../../errors.ts';
import { decode } from '../../protobuf/message.ts';
import { modelProto, type FunctionProto, type ModelProto, type NodeProto, type ValueInfoProto } from '../../protobuf/onnx.ts';
import type { HostTensor } from './host-tensor.ts';
import { nodeOf, type OnnxGraph, type OnnxInput } from './onnx-graph.ts';
import { readTensor, type ExternalFiles } from './tensor-proto.ts';

/** The first operator set whose operators mean what they mean today; PyTorch has exported 9 and later since 2019. */
export const oldestOperatorSet = 7;

/** No network comes near; functions that call functions can multiply without end. */
const mostNodes = 200_000;
const deepestCall = 32;

export function decodeModel(bytes: Uint8Array, where: string): ModelProto {
  return decode(modelProto, bytes, where);
}

/** @throws EspalierError `invalid-model` when the file has no graph, `unsupported-model` for an operator set before 7 */
export function graphOf(model: ModelProto, external: ExternalFiles, where: string): OnnxGraph {
  const { graph } = model;
  if (graph === undefined) throw new EspalierError('invalid-model', 'holds no graph', { where, fix: 'export or copy the model again' });
  const opset = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1;
  if (opset < oldestOperatorSet)
    throw new EspalierError('unsupported-model', `uses operator set ${opset}; ${oldestOperatorSet} and later are read`, {
      where,
      fix: `export the model with opset_version=13 or later`,
    });
  if (graph.sparseInitializer.length > 0)
    throw new EspalierError('unsupported-model', 'has sparse initializers, which are not supported', {
      where,
      fix: 'export the model with dense weights',
    });
  const initializers = new Map(
    graph.initializer.map((tensor) => {
      let read: HostTensor | undefined;
      return [tensor.name, (): HostTensor => (read ??= readTensor(tensor, external))] as const;
    }),
  );
  return {
    opset,
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    // Before IR version 4 every initializer is listed among the inputs as well.
    inputs: graph.input.filter(({ name }) => !initializers.has(name)).map(inputOf),
    outputs: graph.output.map(({ name }) => name),
    nodes: withoutFunctions(graph.node, model.functions, where).map(nodeOf),
    initializers,
    statedShapes: new Map(
      [...graph.valueInfo, ...graph.output].flatMap(({ name, type }) => {
        const shape = type?.tensorType?.shape?.dim.map(({ value }) => value);
        return shape === undefined ? [] : [[name, shape] as const];
      }),
    ),
  };
}

function inputOf({ name, type }: ValueInfoProto): OnnxInput {
  return {
    name,
    elementType: type?.tensorType?.elemType ?? 0,
    dimensions: type?.tensorType?.shape?.dim.map(({ value, parameter }) => value ?? (parameter === '' ? '?' : parameter)),
  };
}

/** Exporters that work module by module write functions; each call becomes the function's nodes under names of its own. */
function withoutFunctions(nodes: readonly NodeProto[], functions: readonly FunctionProto[], where: string): readonly NodeProto[] {
  if (functions.length === 0) return nodes;
  const byName = new Map(functions.map((inner) => [`${inner.domain}:${inner.name}`, inner]));
  const result: NodeProto[] = [];
  let visited = 0;
  const expand = (list: readonly NodeProto[], depth: number): void => {
    for (const node of list) {
      const called = byName.get(`${node.domain}:${node.opType}`);
      if (++visited > mostNodes || (called !== undefined && depth >= deepestCall))
        throw new EspalierError('invalid-model', 'has functions that call each other without end', {
          where,
          fix: 'export the model again',
        });
      if (called === undefined) result.push(node);
      else expand(bodyOf(called, node, `${node.name === '' ? (node.output[0] ?? '') : node.name}/`), depth + 1);
    }
  };
  expand(nodes, 0);
  return result;
}

function bodyOf(called: FunctionProto, call: NodeProto, prefix: string): readonly NodeProto[] {
  const names = new Map<string, string>([['', '']]);
  for (const [i, name] of called.input.entries()) names.set(name, call.input[i] ?? '');
  for (const [i, name] of called.output.entries()) names.set(name, call.output[i] ?? `${prefix}${name}`);
  const renamed = (name: string): string => names.get(name) ?? `${prefix}${name}`;
  const given = new Map(call.attribute.map((attribute) => [attribute.name, attribute]));
  return called.node.map((node) => ({
    ...node,
    name: `${prefix}${node.name}`,
    input: node.input.map(renamed),
    output: node.output.map(renamed),
    attribute: node.attribute.flatMap((attribute) => {
      if (attribute.refAttrName === '') return [attribute];
      const referred = given.get(attribute.refAttrName);
      return referred === undefined ? [] : [{ ...referred, name: attribute.name }];
    }),
  }));
}
