import { invalid, type TableReader } from './schema/table-reader.ts';
import type { SparseDimension, Sparsity } from './tflite-model.ts';

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
