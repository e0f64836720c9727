import { Builder, type Offset } from 'flatbuffers';
import { EspalierError } from '../errors.ts';
import { builtinOperatorCode, customOperatorCode, isBuiltinOperator } from './schema/builtin-operators.ts';
import { optionTable, type OperatorOptions, type OptionField, type OptionTable, type OptionValue } from './schema/operator-options.ts';
import { tensorTypes } from './schema/tensor-types.ts';
import { sparsityOffset } from './sparsity.ts';
import type { Quantization, Signature, SignatureTensor, Subgraph, TfliteModel, TfliteOperator, TfliteTensor } from './tflite-model.ts';
import { bytesVector, offsetsVector, VectorWriter } from './schema/vectors.ts';

/** Runtimes map weights straight from the file, so their data must be aligned. */
const dataAlignment = 16;

/** How to lay out the file. */
export interface SerializeOptions {
  /**
   * For flash: equal vectors and strings are stored once, empty names not at all, and one zero point where all of a
   * tensor are equal, which TFLite Micro reads as one for each channel. `readTflite` gives the same model.
   */
  readonly compact?: boolean;
}

/**
 * The bytes of a model; `readTflite` gives the same model back.
 *
 * @throws EspalierError `unsupported-model` for an operator that this writer does not know, or whose options it does not
 */
export function serializeTflite(model: TfliteModel, { compact = false }: SerializeOptions = {}): Uint8Array {
  checkOperators(model);
  const builder = new Builder(
    1024 + model.subgraphs.reduce((bytes, graph) => bytes + graph.tensors.reduce((sum, tensor) => sum + (tensor.data?.length ?? 0), 0), 0),
  );
  const write = new VectorWriter(builder, compact);
  const buffers = new Buffers();
  const codes = new OperatorCodes();
  const subgraphs = model.subgraphs.map((graph) => subgraphOffset(write, graph, buffers, codes));
  const metadata = model.metadata.map(({ name, data }) => {
    const nameOffset = write.string(name);
    return table(builder, 2, () => {
      builder.addFieldOffset(0, nameOffset, 0);
      builder.addFieldInt32(1, buffers.index(data), 0);
    });
  });
  const signatures = model.signatures.map((signature) => signatureOffset(write, signature));
  const bufferOffsets = buffers.all.map((data) => {
    const bytes = data.length === 0 ? 0 : bytesVector(builder, data, dataAlignment);
    return table(builder, 1, () => builder.addFieldOffset(0, bytes, 0));
  });
  const codeOffsets = codes.all.map((operator) => operatorCodeOffset(write, operator));
  const fields: readonly (readonly [number, Offset])[] = [
    [1, offsetsVector(builder, codeOffsets)],
    [2, offsetsVector(builder, subgraphs)],
    [3, write.string(model.description)],
    [4, offsetsVector(builder, bufferOffsets)],
    ...[metadata, signatures].flatMap((offsets, i) =>
      compact && offsets.length === 0 ? [] : [[6 + i, offsetsVector(builder, offsets)] as const],
    ),
  ];
  const root = table(builder, 8, () => {
    builder.addFieldInt32(0, 3, 0);
    for (const [slot, offset] of fields) builder.addFieldOffset(slot, offset, 0);
  });
  builder.finish(root, 'TFL3');
  return builder.asUint8Array();
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
}

function table(builder: Builder, slots: number, add: () => void): Offset {
  builder.startObject(slots);
  add();
  return builder.endObject();
}

function operatorCodeOffset(write: VectorWriter, operator: TfliteOperator): Offset {
  const { builder } = write;
  const code = operator.isCustom || !isBuiltinOperator(operator.name) ? customOperatorCode : builtinOperatorCode(operator.name);
  const name = operator.isCustom ? write.string(operator.name) : 0;
  return table(builder, 4, () => {
    builder.addFieldInt8(0, Math.min(code, 127), 0);
    builder.addFieldOffset(1, name, 0);
    builder.addFieldInt32(2, operator.version, 1);
    builder.addFieldInt32(3, code, 0);
  });
}

function subgraphOffset(write: VectorWriter, graph: Subgraph, buffers: Buffers, codes: OperatorCodes): Offset {
  const { builder } = write;
  const tensors = offsetsVector(
    builder,
    graph.tensors.map((tensor) => tensorOffset(write, tensor, buffers)),
  );
  const operators = offsetsVector(
    builder,
    graph.operators.map((operator) => operatorOffset(write, operator, codes)),
  );
  const inputs = write.ints(graph.inputs);
  const outputs = write.ints(graph.outputs);
  const name = write.string(graph.name);
  return table(builder, 5, () => {
    [tensors, inputs, outputs, operators, name].forEach((offset, slot) => builder.addFieldOffset(slot, offset, 0));
  });
}

function tensorOffset(write: VectorWriter, tensor: TfliteTensor, buffers: Buffers): Offset {
  const { builder } = write;
  const shape = write.ints(tensor.shape);
  const name = write.string(tensor.name);
  const quantization = tensor.quantization === undefined ? 0 : quantizationOffset(write, tensor.quantization);
  const sparsity = tensor.sparsity === undefined ? 0 : sparsityOffset(builder, tensor.sparsity);
  const signature = tensor.shapeSignature === undefined ? 0 : write.ints(tensor.shapeSignature);
  return table(builder, 9, () => {
    builder.addFieldOffset(0, shape, 0);
    builder.addFieldInt8(1, tensorTypes.indexOf(tensor.type), 0);
    builder.addFieldInt32(2, tensor.data === undefined ? 0 : buffers.index(tensor.data), 0);
    builder.addFieldOffset(3, name, 0);
    builder.addFieldOffset(4, quantization, 0);
    builder.addFieldInt8(5, tensor.isVariable ? 1 : 0, 0);
    builder.addFieldOffset(6, sparsity, 0);
    builder.addFieldOffset(7, signature, 0);
    builder.addFieldInt8(8, 1, 0);
  });
}

function quantizationOffset(write: VectorWriter, quantization: Quantization): Offset {
  const { builder } = write;
  const scales = write.floats(quantization.scales);
  const zeroPoints = write.zeroPoints(quantization.zeroPoints);
  return table(builder, 7, () => {
    builder.addFieldOffset(2, scales, 0);
    builder.addFieldOffset(3, zeroPoints, 0);
    builder.addFieldInt32(6, quantization.axis, 0);
  });
}

function operatorOffset(write: VectorWriter, operator: TfliteOperator, codes: OperatorCodes): Offset {
  const { builder } = write;
  const inputs = write.ints(operator.inputs);
  const outputs = write.ints(operator.outputs);
  const declared = operator.isCustom ? undefined : optionTable(operator.name);
  const options = declared === undefined ? 0 : optionsOffset(write, declared, operator.options);
  const custom = operator.customOptions === undefined ? 0 : bytesVector(builder, operator.customOptions, 1);
  return table(builder, 6, () => {
    builder.addFieldInt32(0, codes.index(operator), 0);
    builder.addFieldOffset(1, inputs, 0);
    builder.addFieldOffset(2, outputs, 0);
    builder.addFieldInt8(3, declared?.type ?? 0, 0);
    builder.addFieldOffset(4, options, 0);
    builder.addFieldOffset(5, custom, 0);
  });
}

function optionsOffset(write: VectorWriter, declared: OptionTable, options: OperatorOptions): Offset {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(declared.fields, name));
  if (unknown !== undefined) throw new Error(`option "${unknown}" is not one of ${Object.keys(declared.fields).join(', ')}`);
  const fields = Object.entries(declared.fields);
  const vectors = new Map(
    fields.flatMap(([name, field]) => {
      const value = options[name];
      return field.kind === 'ints' && Array.isArray(value) && value.length > 0 ? [[name, write.ints(value)] as const] : [];
    }),
  );
  const { builder } = write;
  return table(builder, Math.max(0, ...fields.map(([, field]) => field.slot + 1)), () => {
    for (const [name, field] of fields) {
      const vector = vectors.get(name);
      const value = options[name];
      if (vector !== undefined) builder.addFieldOffset(field.slot, vector, 0);
      else if (value !== undefined) addOption(builder, field, value);
    }
  });
}

function addOption(builder: Builder, field: OptionField, value: OptionValue): void {
  switch (field.kind) {
    case 'int':
      builder.addFieldInt32(field.slot, Number(value), field.default);
      return;
    case 'float':
      builder.addFieldFloat32(field.slot, Number(value), 0);
      return;
    case 'bool':
      builder.addFieldInt8(field.slot, value === true ? 1 : 0, field.default ? 1 : 0);
      return;
    case 'choice': {
      const code = field.names.indexOf(String(value));
      if (code < 0) throw new Error(`"${String(value)}" is not one of ${field.names.join(', ')}`);
      builder.addFieldInt8(field.slot, code, 0);
      return;
    }
    case 'ints':
      return;
  }
}

function signatureOffset(write: VectorWriter, signature: Signature): Offset {
  const { builder } = write;
  const map = ({ name, tensor }: SignatureTensor): Offset => {
    const nameOffset = write.string(name);
    return table(builder, 2, () => {
      builder.addFieldOffset(0, nameOffset, 0);
      builder.addFieldInt32(1, tensor, 0);
    });
  };
  const inputs = offsetsVector(builder, signature.inputs.map(map));
  const outputs = offsetsVector(builder, signature.outputs.map(map));
  const key = write.string(signature.key);
  return table(builder, 5, () => {
    [inputs, outputs, key].forEach((offset, slot) => builder.addFieldOffset(slot, offset, 0));
    builder.addFieldInt32(4, signature.subgraph, 0);
  });
}
