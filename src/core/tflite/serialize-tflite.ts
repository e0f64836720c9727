import { Builder, type Offset } from 'flatbuffers';
import { EspalierError } from '../errors.ts';
import { withoutTexts } from './compact-texts.ts';
import { builtinOperatorCode, customOperatorCode, isBuiltinOperator } from './schema/builtin-operators.ts';
import {
  type Field,
  type FileLayout,
  type Filler,
  FlatbufferWriter,
  float32Field,
  int32Field,
  int8Field,
  offsetField,
} from './schema/flatbuffer-writer.ts';
import { optionTable, type OperatorOptions, type OptionField, type OptionTable, type OptionValue } from './schema/operator-options.ts';
import { tensorTypes } from './schema/tensor-types.ts';
import { isStripped } from './strip-model.ts';
import { sparsityOffset } from './sparsity.ts';
import type { Quantization, Signature, SignatureTensor, Subgraph, TfliteModel, TfliteOperator, TfliteTensor } from './tflite-model.ts';

/** Runtimes map weights straight from the file, so their data must be aligned. */
const dataAlignment = 16;

/** How to lay out the file. */
export interface SerializeOptions {
  /**
   * `'shared'`: equal vectors and strings are stored once, which every runtime reads. Zero points of kernels are most of
   * what becomes fewer: eight bytes for each channel and bias.
   *
   * `'compact'`, for flash: tables too, empty names not at all, and one zero point where all of a tensor are equal, which
   * TFLite Micro reads as one for each channel. Names, signatures and metadata, which it never reads, are compressed.
   * `readTflite` gives the same model of each; default: `'shared'` of a stripped model, else `'plain'`.
   */
  readonly layout?: FileLayout;
}

/**
 * The bytes of a model; `readTflite` gives the same model back.
 *
 * @throws EspalierError `unsupported-model` for an operator that this writer does not know, or whose options it does not
 */
export function serializeTflite(
  model: TfliteModel,
  { layout = isStripped(model) ? 'shared' : 'plain' }: SerializeOptions = {},
): Uint8Array {
  checkOperators(model);
  if (layout !== 'compact') return layOut(model, layout);
  const [whole, separate] = [layOut(model, layout), layOut(withoutTexts(model), layout)];
  return model.isForFlash === true || separate.length < whole.length ? separate : whole;
}

function layOut(model: TfliteModel, layout: FileLayout): Uint8Array {
  const compact = layout === 'compact';
  const builder = new Builder(
    1024 + model.subgraphs.reduce((bytes, graph) => bytes + graph.tensors.reduce((sum, tensor) => sum + (tensor.data?.length ?? 0), 0), 0),
  );
  const write = new FlatbufferWriter(builder, layout);
  const buffers = new Buffers();
  const codes = new OperatorCodes();
  if (compact) {
    codes.addMostFrequentFirst(model);
    for (const graph of model.subgraphs) for (const { data } of graph.tensors) if (data !== undefined) buffers.index(data);
    for (const { data } of model.metadata) buffers.index(data);
  }
  // A compact file has its data last, so that small vectors fill the gaps between them.
  const dataFirst = compact ? bufferOffsets(write, buffers, fillersOf(write, model)) : undefined;
  const subgraphs = model.subgraphs.map((graph) => subgraphOffset(write, graph, buffers, codes, compact));
  const metadata = model.metadata.map(({ name, data }) =>
    write.table(2, [offsetField(0, write.string(name)), int32Field(1, buffers.index(data))]),
  );
  const signatures = model.signatures.map((signature) => signatureOffset(write, signature));
  const buffersAt = dataFirst ?? bufferOffsets(write, buffers, []);
  const codeOffsets = codes.all.map((operator) => operatorCodeOffset(write, operator));
  const fields: readonly (readonly [number, Offset])[] = [
    [1, write.offsets(codeOffsets)],
    [2, write.offsets(subgraphs)],
    [3, write.string(model.description)],
    [4, write.offsets(buffersAt)],
    ...[metadata, signatures].flatMap((offsets, i) => (compact && offsets.length === 0 ? [] : [[6 + i, write.offsets(offsets)] as const])),
  ];
  const root = write.table(8, [int32Field(0, 3), ...fields.map(([slot, offset]) => offsetField(slot, offset))]);
  builder.finish(root, 'TFL3');
  return builder.asUint8Array();
}

function bufferOffsets(write: FlatbufferWriter, buffers: Buffers, fillers: Filler[]): readonly Offset[] {
  return buffers.all.map((data) => {
    if (data.length > 0) write.fillGap(data.length, dataAlignment, fillers);
    const bytes = data.length === 0 ? 0 : write.bytes(data, dataAlignment);
    return write.table(1, [offsetField(0, bytes)]);
  });
}

/** Vectors of one and two numbers that the model's tensors and operators have. */
function fillersOf(write: FlatbufferWriter, { subgraphs }: TfliteModel): Filler[] {
  const fillers: Filler[] = [];
  const add = (values: readonly number[], vector: () => Offset): void => {
    if (values.length === 1 || values.length === 2) fillers.push({ bytes: values.length === 1 ? 8 : 12, write: vector });
  };
  for (const { tensors, operators } of subgraphs) {
    for (const { shape, quantization } of tensors) {
      add(shape, () => write.ints(shape));
      const scales = quantization?.scales ?? [];
      add(scales, () => write.floats(scales));
    }
    for (const ints of operators.flatMap(({ inputs, outputs }) => [inputs, outputs])) add(ints, () => write.ints(ints));
  }
  return fillers;
}

function checkOperators({ subgraphs }: TfliteModel): void {
  for (const { operators } of subgraphs) {
    for (const { name, isCustom, hasUnknownOptions } of operators) {
      if (hasUnknownOptions === true || (!isCustom && !isBuiltinOperator(name)))
        throw new EspalierError('unsupported-model', `the options of ${name} are not known here, so the file cannot be written again`, {
          where: '.tflite file',
          fix: 'take a file without this operator',
        });
    }
  }
}

/** Buffer 0 is the empty one of everything computed. Equal views share a buffer. */
class Buffers {
  readonly all: Uint8Array[] = [new Uint8Array()];

  index(data: Uint8Array): number {
    const known = this.all.indexOf(data);
    return known > 0 ? known : this.all.push(data) - 1;
  }
}

class OperatorCodes {
  readonly all: TfliteOperator[] = [];

  index(operator: TfliteOperator): number {
    const known = this.all.findIndex(
      (other) => other.name === operator.name && other.version === operator.version && other.isCustom === operator.isCustom,
    );
    return known >= 0 ? known : this.all.push(operator) - 1;
  }

  /** Index 0 is the default, which a table leaves out. */
  addMostFrequentFirst({ subgraphs }: TfliteModel): void {
    const counts: number[] = [];
    for (const { operators } of subgraphs)
      for (const operator of operators) counts[this.index(operator)] = (counts[this.index(operator)] ?? 0) + 1;
    const most = counts.indexOf(Math.max(...counts));
    this.all.unshift(...this.all.splice(most, 1));
  }
}

function operatorCodeOffset(write: FlatbufferWriter, operator: TfliteOperator): Offset {
  const code = operator.isCustom || !isBuiltinOperator(operator.name) ? customOperatorCode : builtinOperatorCode(operator.name);
  const name = operator.isCustom ? write.string(operator.name) : 0;
  return write.table(4, [int8Field(0, Math.min(code, 127)), offsetField(1, name), int32Field(2, operator.version, 1), int32Field(3, code)]);
}

function subgraphOffset(write: FlatbufferWriter, graph: Subgraph, buffers: Buffers, codes: OperatorCodes, compact: boolean): Offset {
  const tensors = write.offsets(graph.tensors.map((tensor) => tensorOffset(write, tensor, buffers, compact)));
  const operators = write.offsets(graph.operators.map((operator) => operatorOffset(write, operator, codes)));
  const inputs = write.ints(graph.inputs);
  const outputs = write.ints(graph.outputs);
  const name = write.string(graph.name);
  return write.table(
    5,
    [tensors, inputs, outputs, operators, name].map((offset, slot) => offsetField(slot, offset)),
  );
}

function tensorOffset(write: FlatbufferWriter, tensor: TfliteTensor, buffers: Buffers, compact: boolean): Offset {
  const shape = write.ints(tensor.shape);
  const name = write.string(tensor.name);
  const quantization = tensor.quantization === undefined ? 0 : quantizationOffset(write, tensor.quantization);
  const sparsity = tensor.sparsity === undefined ? 0 : sparsityOffset(write.builder, tensor.sparsity);
  const signature = tensor.shapeSignature === undefined ? 0 : write.ints(tensor.shapeSignature);
  return write.table(9, [
    offsetField(0, shape),
    int8Field(1, tensorTypes.indexOf(tensor.type)),
    int32Field(2, tensor.data === undefined ? 0 : buffers.index(tensor.data)),
    offsetField(3, name),
    offsetField(4, quantization),
    int8Field(5, tensor.isVariable ? 1 : 0),
    offsetField(6, sparsity),
    offsetField(7, signature),
    // That a shape is known: TFLite Micro knows all.
    int8Field(8, compact ? 0 : 1),
  ]);
}

function quantizationOffset(write: FlatbufferWriter, quantization: Quantization): Offset {
  const scales = write.floats(quantization.scales);
  const zeroPoints = write.zeroPoints(quantization.zeroPoints);
  return write.table(7, [offsetField(2, scales), offsetField(3, zeroPoints), int32Field(6, quantization.axis)]);
}

function operatorOffset(write: FlatbufferWriter, operator: TfliteOperator, codes: OperatorCodes): Offset {
  const inputs = write.ints(operator.inputs);
  const outputs = write.ints(operator.outputs);
  const declared = operator.isCustom ? undefined : optionTable(operator.name);
  const options = declared === undefined ? 0 : optionsOffset(write, declared, operator.options);
  const custom = operator.customOptions === undefined ? 0 : write.bytes(operator.customOptions, 1);
  return write.table(6, [
    int32Field(0, codes.index(operator)),
    offsetField(1, inputs),
    offsetField(2, outputs),
    int8Field(3, declared?.type ?? 0),
    offsetField(4, options),
    offsetField(5, custom),
  ]);
}

function optionsOffset(write: FlatbufferWriter, declared: OptionTable, options: OperatorOptions): Offset {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(declared.fields, name));
  if (unknown !== undefined) throw new Error(`option "${unknown}" is not one of ${Object.keys(declared.fields).join(', ')}`);
  const fields = Object.entries(declared.fields);
  const slots = Math.max(0, ...fields.map(([, field]) => field.slot + 1));
  return write.table(
    slots,
    fields.flatMap(([name, field]) => {
      const value = options[name];
      return value === undefined ? [] : [optionField(write, field, value)];
    }),
  );
}

function optionField(write: FlatbufferWriter, field: OptionField, value: OptionValue): Field {
  switch (field.kind) {
    case 'int':
      return int32Field(field.slot, Number(value), field.default);
    case 'float':
      return float32Field(field.slot, Number(value));
    case 'bool':
      return int8Field(field.slot, value === true ? 1 : 0, field.default ? 1 : 0);
    case 'choice': {
      const code = field.names.indexOf(String(value));
      if (code < 0) throw new Error(`"${String(value)}" is not one of ${field.names.join(', ')}`);
      return int8Field(field.slot, code);
    }
    case 'ints':
      return offsetField(field.slot, Array.isArray(value) && value.length > 0 ? write.ints(value) : 0);
  }
}

function signatureOffset(write: FlatbufferWriter, signature: Signature): Offset {
  const map = ({ name, tensor }: SignatureTensor): Offset => write.table(2, [offsetField(0, write.string(name)), int32Field(1, tensor)]);
  const inputs = write.offsets(signature.inputs.map(map));
  const outputs = write.offsets(signature.outputs.map(map));
  const key = write.string(signature.key);
  return write.table(5, [...[inputs, outputs, key].map((offset, slot) => offsetField(slot, offset)), int32Field(4, signature.subgraph)]);
}
