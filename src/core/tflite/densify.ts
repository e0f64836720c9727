import { EspalierError } from '../errors.ts';
import { elementCount, type Sparsity } from './tflite-model.ts';

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
