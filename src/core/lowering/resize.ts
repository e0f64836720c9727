import { unreachable } from '../errors.ts';
import type { Shape } from '../network/network.ts';
import type { Resize, ResizeCoordinates } from '../network/operations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

export function lowerResize(context: LoweringContext, operation: Resize, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const { size, interpolation, coordinates } = operation;
  const [h = 1, w = 1, c = 1] = x.shape;
  const factor = [size[0] / h, size[1] / w] as const;
  if (interpolation === 'nearest' && coordinates !== 'alignCorners' && factor.every(Number.isInteger)) {
    const single = builder.reshape(x.channelsMajor, [c * batchSize, h, 1, w, 1]);
    return context.channelsMajor(shape, builder.broadcastTo(single, [c * batchSize, h, factor[0], w, factor[1]]));
  }
  // Along each axis a product with a constant matrix.
  const alongRows = builder.constant(interpolationMatrix(h, size[0], operation), [size[0], h]);
  const alongColumns = builder.constant(interpolationMatrix(w, size[1], operation), [size[1], w]);
  const wide = builder.matmul(builder.reshape(x.channelsMajor, [c * batchSize * h, w]), alongColumns, { transposeB: true });
  return context.channelsMajor(shape, builder.matmul(alongRows, builder.reshape(wide, [c * batchSize, h, size[1]])));
}

/** `[results, length]`; what lies outside is that of the edge. */
function interpolationMatrix(length: number, results: number, { interpolation, coordinates }: Resize): Float32Array {
  const matrix = new Float32Array(results * length);
  for (let i = 0; i < results; i++) {
    if (interpolation === 'nearest') {
      matrix[i * length + nearestIndex(i, length, results, coordinates)] = 1;
      continue;
    }
    const position = Math.min(Math.max(sourcePosition(i, length, results, coordinates), 0), length - 1);
    const low = Math.floor(position);
    const high = Math.min(low + 1, length - 1);
    matrix[i * length + low] = 1 - (position - low);
    if (high !== low) matrix[i * length + high] = position - low;
  }
  return matrix;
}

function sourcePosition(i: number, length: number, results: number, coordinates: ResizeCoordinates): number {
  switch (coordinates) {
    case 'halfPixel':
      return ((i + 0.5) * length) / results - 0.5;
    case 'asymmetric':
      return (i * length) / results;
    case 'alignCorners':
      return results === 1 ? 0 : (i * (length - 1)) / (results - 1);
    default:
      return unreachable(coordinates);
  }
}

/** TFLite rounds where corners are aligned and takes the element that holds the position elsewhere. */
function nearestIndex(i: number, length: number, results: number, coordinates: ResizeCoordinates): number {
  const position = sourcePosition(i, length, results, coordinates);
  const index = coordinates === 'alignCorners' ? Math.round(position) : Math.floor(coordinates === 'halfPixel' ? position + 0.5 : position);
  return Math.min(Math.max(index, 0), length - 1);
}
