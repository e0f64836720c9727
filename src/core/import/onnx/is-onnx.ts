import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** Fields of ModelProto, of which a model has the graph and the operator sets. */
const [graphField, operatorSetField] = [7, 8];
const known = new Set([1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26]);

/**
 * ONNX has no signature: what tells it is that the bytes are a sequence of its fields. Only the outermost ones are walked,
 * and a graph that goes beyond the end of the file is one, too: it is a truncated model.
 */
export function isOnnx(bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes);
  const seen = new Set<number>();
  try {
    while (reader.pos < bytes.length) {
      const [field, wireType] = reader.tag();
      if (!known.has(field) || wireType !== wireTypeOf(field)) return false;
      seen.add(field);
      reader.skip(wireType, field);
    }
  } catch {
    return seen.has(graphField);
  }
  return seen.has(graphField) && seen.has(operatorSetField);
}

function wireTypeOf(field: number): WireType {
  return field === 1 || field === 5 ? WireType.Varint : WireType.LengthDelimited;
}
