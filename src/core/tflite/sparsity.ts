/** Sparse storage in a .tflite: how a tensor's sparsity parameters are read, written and undone. */
import type { Builder, Offset } from 'flatbuffers';
import { EspalierError } from '../errors.ts';
import { invalid, type TableReader } from './schema/table-reader.ts';
import { bytesVector, intsVector, offsetsVector, shortsVector } from './schema/vectors.ts';
import type { SparseDimension, Sparsity } from './tflite-model.ts';
import { elementCount } from './tflite-model.ts';

/** Reads a tensor's sparsity parameters and checks that they describe a tensor of this shape. */
export function readSparsity(table: TableReader, shape: readonly number[]): Sparsity {
  const traversalOrder = table.ints(0, 'traversalOrder') ?? [];
  const blockMap = table.ints(1, 'blockMap') ?? [];
  const rank = shape.length + blockMap.length;
  const sorted = [...traversalOrder].sort((a, b) => a - b);
  if (sorted.length !== rank || sorted.some((dimension, i) => dimension !== i))
    throw invalid(table.path, `its traversal order [${traversalOrder.join(', ')}] is not a permutation of ${rank} dimensions`);
  if (blockMap.some((dimension) => dimension < 0 || dimension >= shape.length))
    throw invalid(table.path, `its block map [${blockMap.join(', ')}] names dimensions that do not exist`);
  const dimensions = table.tables(2, 'dimensions').map(readDimension);
  if (dimensions.length !== rank) throw invalid(table.path, `it describes ${dimensions.length} dimensions, not ${rank}`);
  for (const [level, dimension] of dimensions.entries()) {
    const of = traversalOrder[level] ?? 0;
    const whole = shape[of < shape.length ? of : (blockMap[of - shape.length] ?? 0)] ?? 0;
    if (dimension.format === 'dense' ? dimension.size > whole : dimension.indices.some((index) => index < 0 || index >= whole)) {
      throw invalid(table.path, `dimension ${level} reaches beyond the ${whole} elements of its shape`);
    }
  }
  return { traversalOrder, blockMap, dimensions };
}

function readDimension(table: TableReader): SparseDimension {
  const format = table.byte(0);
  if (format === 0) {
    const size = table.int(1);
    if (size < 0) throw invalid(table.path, `its size ${size} is negative`);
    return { format: 'dense', size };
  }
  if (format !== 1) throw invalid(table.path, `its format has the unknown code ${format}; known are 0 (dense) and 1 (CSR)`);
  const segments = readIndices(table, 2, 'arraySegments');
  const indices = readIndices(table, 4, 'arrayIndices');
  const descends = segments.some((segment, i) => segment < (segments[i - 1] ?? 0));
  if (segments[0] !== 0 || descends || segments.at(-1) !== indices.length)
    throw invalid(table.path, 'its segments do not divide its indices');
  return { format: 'csr', segments, indices };
}

/** The vector of a union whose members differ in width alone: 1 int32, 2 uint16, 3 uint8. */
function readIndices(table: TableReader, slot: number, name: string): number[] {
  const type = table.byte(slot);
  const values = table.table(slot + 1, name);
  switch (type) {
    case 1:
      return values?.ints(0, 'values') ?? [];
    case 2:
      return values?.ushorts(0, 'values') ?? [];
    case 3:
      return Array.from(values?.bytes(0, 'values') ?? []);
    default:
      throw invalid(table.path, `its ${name} have the unknown type ${type}`);
  }
}

/**
 * A kernel of 1x1 convolutions `[out, 1, 1, in]` as its values that are not zero: a row of the last axis for each output
 * channel, compressed.
 */
export function compressRows(data: Float32Array, shape: readonly number[]): { readonly sparsity: Sparsity; readonly values: Float32Array } {
  const columns = shape.at(-1) ?? 1;
  const kept = Uint32Array.from(data, (_, i) => i).filter((i) => data[i] !== 0);
  const counts = new Uint32Array(data.length / columns);
  for (const i of kept) {
    const row = Math.floor(i / columns);
    counts[row] = (counts[row] ?? 0) + 1;
  }
  const segments = [0];
  for (const count of counts) segments.push((segments.at(-1) ?? 0) + count);
  return {
    sparsity: {
      traversalOrder: shape.map((_, axis) => axis),
      blockMap: [],
      dimensions: [
        ...shape.slice(0, -1).map((size) => ({ format: 'dense', size }) as const),
        { format: 'csr', segments, indices: Array.from(kept, (i) => i % columns) },
      ],
    },
    values: Float32Array.from(kept, (i) => data[i] ?? 0),
  };
}

/** Writes a tensor's sparsity parameters; indices in as few bytes as they fit. */
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
  const vectors = dimension.format === 'csr' ? [dimension.segments, dimension.indices].map((values) => indexVector(builder, values)) : [];
  builder.startObject(6);
  if (dimension.format === 'dense') builder.addFieldInt32(1, dimension.size, 0);
  else builder.addFieldInt8(0, 1, 0);
  vectors.forEach(({ type, offset }, i) => {
    builder.addFieldInt8(2 + 2 * i, type, 0);
    builder.addFieldOffset(3 + 2 * i, offset, 0);
  });
  return builder.endObject();
}

/** A member of the union that `readIndices` reads, in its table. */
function indexVector(builder: Builder, values: readonly number[]): { readonly type: number; readonly offset: Offset } {
  const largest = values.reduce((max, value) => Math.max(max, value), 0);
  const [type, vector] =
    largest < 2 ** 8
      ? [3, bytesVector(builder, Uint8Array.from(values), 4)]
      : largest < 2 ** 16
        ? [2, shortsVector(builder, values)]
        : [1, intsVector(builder, values)];
  builder.startObject(1);
  builder.addFieldOffset(0, vector, 0);
  return { type, offset: builder.endObject() };
}

/** More than this many elements would be an attack, not a layer: it is 1 GiB as float32. */
const largestDenseTensor = 2 ** 28;

/**
 * Spreads the stored values of a sparse tensor over its dense shape.
 *
 * @throws EspalierError `invalid-model` when values and indices do not fit the shape.
 */
export function densify(values: Float64Array, shape: readonly number[], sparsity: Sparsity, name: string): Float64Array {
  const count = elementCount(shape);
  if (count > largestDenseTensor) throw damaged(name, `its dense form would have ${count} elements`);
  const dense = new Float64Array(count);
  const { traversalOrder, blockMap, dimensions } = sparsity;
  const blockSizes = blockMap.map((_, i) => {
    const dimension = dimensions[traversalOrder.indexOf(shape.length + i)];
    if (dimension?.format !== 'dense') throw damaged(name, 'the dimensions of its blocks must be dense');
    return dimension.size;
  });
  const strides = shape.map((_, i) => elementCount(shape.slice(i + 1)));
  const steps = traversalOrder.map((dimension) => {
    if (dimension >= shape.length) {
      const block = blockMap[dimension - shape.length] ?? 0;
      return strides[block] ?? 0;
    }
    const block = blockMap.indexOf(dimension);
    return (strides[dimension] ?? 0) * (block < 0 ? 1 : (blockSizes[block] ?? 1));
  });
  let next = 0;
  const visit = (level: number, parent: number, offset: number): void => {
    const dimension = dimensions[level];
    if (dimension === undefined) {
      if (next >= values.length || offset >= count) throw damaged(name, 'its indices reach beyond its values');
      dense[offset] = values[next++] ?? 0;
      return;
    }
    const step = steps[level] ?? 0;
    if (dimension.format === 'dense') {
      for (let i = 0; i < dimension.size; i++) visit(level + 1, parent * dimension.size + i, offset + i * step);
      return;
    }
    const begin = dimension.segments[parent];
    const end = dimension.segments[parent + 1];
    if (begin === undefined || end === undefined) throw damaged(name, 'its segments do not match the dimension before them');
    for (let i = begin; i < end; i++) visit(level + 1, i, offset + (dimension.indices[i] ?? 0) * step);
  };
  visit(0, 0, 0);
  return dense;
}

function damaged(name: string, what: string): EspalierError {
  return new EspalierError('invalid-model', what, {
    where: `sparse tensor "${name}"`,
    fix: 'the file is damaged; export or download it again',
  });
}
