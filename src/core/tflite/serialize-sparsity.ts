import type { Builder, Offset } from 'flatbuffers';
import { intsVector, offsetsVector } from './schema/vectors.ts';
import type { SparseDimension, Sparsity } from './tflite-model.ts';

export function sparsityOffset(builder: Builder, sparsity: Sparsity): Offset {
  const dimensions = offsetsVector(
    builder,
    sparsity.dimensions.map((dimension) => dimensionOffset(builder, dimension)),
  );
  const order = intsVector(builder, sparsity.traversalOrder);
  const blocks = sparsity.blockMap.length === 0 ? 0 : intsVector(builder, sparsity.blockMap);
  builder.startObject(3);
  builder.addFieldOffset(0, order, 0);
  builder.addFieldOffset(1, blocks, 0);
  builder.addFieldOffset(2, dimensions, 0);
  return builder.endObject();
}

function dimensionOffset(builder: Builder, dimension: SparseDimension): Offset {
  const vectors =
    dimension.format === 'csr' ? [dimension.segments, dimension.indices].map((values) => int32VectorTable(builder, values)) : [];
  builder.startObject(6);
  if (dimension.format === 'dense') builder.addFieldInt32(1, dimension.size, 0);
  else builder.addFieldInt8(0, 1, 0);
  vectors.forEach((offset, i) => {
    builder.addFieldInt8(2 + 2 * i, 1, 0);
    builder.addFieldOffset(3 + 2 * i, offset, 0);
  });
  return builder.endObject();
}

function int32VectorTable(builder: Builder, values: readonly number[]): Offset {
  const vector = intsVector(builder, values);
  builder.startObject(1);
  builder.addFieldOffset(0, vector, 0);
  return builder.endObject();
}
