import { Builder, type Offset } from 'flatbuffers';
import { builtinOperatorCode, customOperatorCode, isBuiltinOperator } from './schema/builtin-operators.ts';
import { optionTable, type OperatorOptions, type OptionField, type OptionTable, type OptionValue } from './schema/operator-options.ts';
import { tensorTypes } from './schema/tensor-types.ts';
import { sparsityOffset } from './sparsity.ts';
import type { Quantization, Signature, SignatureTensor, Subgraph, TfliteModel, TfliteOperator, TfliteTensor } from './tflite-model.ts';
import { bytesVector, floatsVector, intsVector, longsVector, offsetsVector } from './schema/vectors.ts';

/** Runtimes map weights straight from the file, so their data must be aligned. */
const dataAlignment = 16;

/** The bytes of a model whose operators are all known; `readTflite` gives the same model back. */
export function serializeTflite(model: TfliteModel): Uint8Array {
  const builder = new Builder(
    1024 + model.subgraphs.reduce((bytes, graph) => bytes + graph.tensors.reduce((sum, tensor) => sum + (tensor.data?.length ?? 0), 0), 0),
  );
  const buffers = new Buffers();
  const codes = new OperatorCodes();
  const subgraphs = model.subgraphs.map((graph) => subgraphOffset(builder, graph, buffers, codes));
  const metadata = model.metadata.map(({ name, data }) => {
    const nameOffset = builder.createString(name);
    return table(builder, 2, () => {
      builder.addFieldOffset(0, nameOffset, 0);
      builder.addFieldInt32(1, buffers.index(data), 0);
    });
  });
  const signatures = model.signatures.map((signature) => signatureOffset(builder, signature));
  const bufferOffsets = buffers.all.map((data) => {
    const bytes = data.length === 0 ? 0 : bytesVector(builder, data, dataAlignment);
    return table(builder, 1, () => builder.addFieldOffset(0, bytes, 0));
  });
  const codeOffsets = codes.all.map((operator) => operatorCodeOffset(builder, operator));
  const fields: readonly (readonly [number, Offset])[] = [
    [1, offsetsVector(builder, codeOffsets)],
    [2, offsetsVector(builder, subgraphs)],
    [3, builder.createString(model.description)],
    [4, offsetsVector(builder, bufferOffsets)],
    [6, offsetsVector(builder, metadata)],
    [7, offsetsVector(builder, signatures)],
  ];
  const root = table(builder, 8, () => {
    builder.addFieldInt32(0, 3, 0);
    for (const [slot, offset] of fields) builder.addFieldOffset(slot, offset, 0);
  });
  builder.finish(root, 'TFL3');
  return builder.asUint8Array();
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

function operatorCodeOffset(builder: Builder, operator: TfliteOperator): Offset {
  const code = operator.isCustom || !isBuiltinOperator(operator.name) ? customOperatorCode : builtinOperatorCode(operator.name);
  const name = operator.isCustom ? builder.createString(operator.name) : 0;
  return table(builder, 4, () => {
    builder.addFieldInt8(0, Math.min(code, 127), 0);
    builder.addFieldOffset(1, name, 0);
    builder.addFieldInt32(2, operator.version, 1);
    builder.addFieldInt32(3, code, 0);
  });
}

function subgraphOffset(builder: Builder, graph: Subgraph, buffers: Buffers, codes: OperatorCodes): Offset {
  const tensors = offsetsVector(
    builder,
    graph.tensors.map((tensor) => tensorOffset(builder, tensor, buffers)),
  );
  const operators = offsetsVector(
    builder,
    graph.operators.map((operator) => operatorOffset(builder, operator, codes)),
  );
  const inputs = intsVector(builder, graph.inputs);
  const outputs = intsVector(builder, graph.outputs);
  const name = builder.createString(graph.name);
  return table(builder, 5, () => {
    [tensors, inputs, outputs, operators, name].forEach((offset, slot) => builder.addFieldOffset(slot, offset, 0));
  });
}

function tensorOffset(builder: Builder, tensor: TfliteTensor, buffers: Buffers): Offset {
  const shape = intsVector(builder, tensor.shape);
  const name = builder.createString(tensor.name);
  const quantization = tensor.quantization === undefined ? 0 : quantizationOffset(builder, tensor.quantization);
  const sparsity = tensor.sparsity === undefined ? 0 : sparsityOffset(builder, tensor.sparsity);
  const signature = tensor.shapeSignature === undefined ? 0 : intsVector(builder, tensor.shapeSignature);
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

function quantizationOffset(builder: Builder, quantization: Quantization): Offset {
  const scales = floatsVector(builder, quantization.scales);
  const zeroPoints = longsVector(builder, quantization.zeroPoints);
  return table(builder, 7, () => {
    builder.addFieldOffset(2, scales, 0);
    builder.addFieldOffset(3, zeroPoints, 0);
    builder.addFieldInt32(6, quantization.axis, 0);
  });
}

function operatorOffset(builder: Builder, operator: TfliteOperator, codes: OperatorCodes): Offset {
  const inputs = intsVector(builder, operator.inputs);
  const outputs = intsVector(builder, operator.outputs);
  const declared = operator.isCustom ? undefined : optionTable(operator.name);
  const options = declared === undefined ? 0 : optionsOffset(builder, declared, operator.options);
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

function optionsOffset(builder: Builder, declared: OptionTable, options: OperatorOptions): Offset {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(declared.fields, name));
  if (unknown !== undefined) throw new Error(`option "${unknown}" is not one of ${Object.keys(declared.fields).join(', ')}`);
  const fields = Object.entries(declared.fields);
  const vectors = new Map(
    fields.flatMap(([name, field]) => {
      const value = options[name];
      return field.kind === 'ints' && Array.isArray(value) && value.length > 0 ? [[name, intsVector(builder, value)] as const] : [];
    }),
  );
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

function signatureOffset(builder: Builder, signature: Signature): Offset {
  const map = ({ name, tensor }: SignatureTensor): Offset => {
    const nameOffset = builder.createString(name);
    return table(builder, 2, () => {
      builder.addFieldOffset(0, nameOffset, 0);
      builder.addFieldInt32(1, tensor, 0);
    });
  };
  const inputs = offsetsVector(builder, signature.inputs.map(map));
  const outputs = offsetsVector(builder, signature.outputs.map(map));
  const key = builder.createString(signature.key);
  return table(builder, 5, () => {
    [inputs, outputs, key].forEach((offset, slot) => builder.addFieldOffset(slot, offset, 0));
    builder.addFieldInt32(4, signature.subgraph, 0);
  });
}
