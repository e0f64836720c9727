/** ONNX models, as PyTorch, Paddle, scikit-learn and others export them. */
import type { Network, ValueId } from '../../network/network.ts';
import type { OriginalInput, OriginalModel, OriginalTensor } from '../../network/original-model.ts';
import { encode } from '../../protobuf/message.ts';
import { dataTypes, modelProto, type DataType, type ModelProto } from '../../protobuf/onnx.ts';
import { convertGraph, type ConvertedGraph } from './convert-graph.ts';
import { readExternalFiles } from './external-data.ts';
import type { ValueRange } from './layout.ts';
import { recognizePatterns } from './patterns.ts';
import { planInputs, type InputShapes } from './plan-inputs.ts';
import { decodeModel, graphOf } from './read-model.ts';
import { dataTypeOf } from './tensor-proto.ts';
import type { ComputedValue } from './value.ts';
import { withoutQuantization } from './without-quantization.ts';

export interface OnnxImport {
  readonly network: Network;
  /** Of values that the file states a quantization of. */
  readonly ranges: ReadonlyMap<ValueId, ValueRange>;
  readonly original: OriginalModel;
}

/**
 * @param folder of the file, for weights that are kept beside it
 * @throws EspalierError `unsupported-model` that names every operator that cannot be converted; `invalid-model` when the
 * file is damaged; `file-access` when its weights are not there
 */
export async function importOnnx(
  bytes: Uint8Array,
  folder: string,
  where: string,
  warn: (message: string) => void,
  inputShapes?: InputShapes,
): Promise<OnnxImport> {
  const model = decodeModel(bytes, where);
  const external = await readExternalFiles(model, folder);
  const graph = recognizePatterns(graphOf(model, external, where), external);
  const { batchSize, openBatch, inputs } = planInputs(graph, inputShapes, where);
  const name = model.graph?.name ?? '';
  const converted = convertGraph(graph, { name: name === '' ? 'model' : name, batchSize, inputs, external }, where);
  for (const warning of warningsOf(converted)) warn(warning);
  const reference = withoutQuantization(model) ?? bytes;
  const types = new Map(graph.inputs.map((input) => [input.name, dataTypeOf(input.elementType)]));
  return {
    network: converted.network,
    ranges: converted.ranges,
    original: {
      format: 'onnx',
      // Repeated fields of a message that comes twice are joined: the file itself need not be written again.
      bytes: (outputs) =>
        outputs.length === 0
          ? reference
          : joined(reference, encode(modelProto, { graph: { output: outputs.map((output) => ({ name: output })) } })),
      folder,
      converted: converted.network,
      inputs: converted.inputs.map((input) => ({ ...tensorOf(input), type: inputType(types.get(input.name)) })),
      outputs: converted.outputs.map(tensorOf),
      steps: converted.traced.map((step) => ({ ...tensorOf(step), operator: step.node.op, node: step.node.name })),
      batchSize,
      openBatch,
      tolerance: computesInHalf(model) ? halfTolerance : tolerance,
    },
  };
}

/** What rounding explains: everything is computed in float32, in another order. */
const tolerance = 1e-4;
/** Of models that compute in float16, which has 11 bits. */
const halfTolerance = 1e-2;

function computesInHalf({ graph }: ModelProto): boolean {
  const half = new Set<number>([dataTypes.float16, dataTypes.bfloat16]);
  return (
    graph?.input.some(({ type }) => half.has(type?.tensorType?.elemType ?? 0)) === true ||
    graph?.initializer.some(({ dataType }) => half.has(dataType)) === true
  );
}

function tensorOf({ name, id, shape, axes, batch }: ComputedValue & { readonly name: string }): OriginalTensor {
  return { name, value: id, shape, axes, batch };
}

function inputType(type: DataType | undefined): OriginalInput['type'] {
  switch (type) {
    case 'float64':
    case 'float16':
    case 'int64':
    case 'int32':
    case 'uint8':
    case 'int8':
      return type;
    default:
      return 'float32';
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(a.length + b.length);
  result.set(a);
  result.set(b, a.length);
  return result;
}

function warningsOf({ inputs, outputs }: ConvertedGraph): readonly string[] {
  const layouts = (tensor: ComputedValue): readonly [string, string] => [
    lengths(
      tensor.shape,
      [...tensor.axes].sort((a, b) => a - b),
    ),
    lengths(tensor.shape, tensor.axes),
  ];
  return [
    ...inputs.filter(isMoved).map((input) => {
      const [before, after] = layouts(input);
      return `input "${input.name}" was channels-first ${before}; it is converted to ${after}, channels last; .npy arrays are read in either order`;
    }),
    ...outputs.filter(isMoved).map((output) => {
      const [before, after] = layouts(output);
      return `output "${output.name}" was channels-first ${before}; it is now ${after}`;
    }),
  ];
}

/** Whether the elements lie in another order: axes of length 1 move none. */
function isMoved({ shape, axes }: ComputedValue): boolean {
  const long = axes.filter((axis) => shape[axis] !== 1);
  return long.some((axis, i) => axis < (long[i - 1] ?? axis));
}

function lengths(shape: readonly number[], axes: readonly number[]): string {
  return `[${axes.map((axis) => shape[axis] ?? 1).join(', ')}]`;
}
