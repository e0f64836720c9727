import type { Shape } from '../network/network.ts';
import type { Upsample } from '../network/operations.ts';
import type { LoweredValue } from './lowered-value.ts';
import type { LoweringContext } from './lowering-context.ts';

export function lowerUpsample(context: LoweringContext, operation: Upsample, x: LoweredValue, shape: Shape): LoweredValue {
  return operation.interpolation === 'nearest' ? nearest(context, operation, x, shape) : bilinear(context, operation, x, shape);
}

function nearest(context: LoweringContext, { factor }: Upsample, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const [h = 1, w = 1, c = 1] = x.shape;
  const single = builder.reshape(x.channelsMajor, [c * batchSize, h, 1, w, 1]);
  return context.channelsMajor(shape, builder.broadcastTo(single, [c * batchSize, h, factor[0], w, factor[1]]));
}

/** Interpolation along each axis is a product with a constant matrix. */
function bilinear(context: LoweringContext, { factor }: Upsample, x: LoweredValue, shape: Shape): LoweredValue {
  const { builder, batchSize } = context;
  const [h = 1, w = 1, c = 1] = x.shape;
  const alongRows = builder.constant(interpolationMatrix(h, factor[0]), [h * factor[0], h]);
  const alongColumns = builder.constant(interpolationMatrix(w, factor[1]), [w * factor[1], w]);
  const wide = builder.matmul(builder.reshape(x.channelsMajor, [c * batchSize * h, w]), alongColumns, { transposeB: true });
  return context.channelsMajor(shape, builder.matmul(alongRows, builder.reshape(wide, [c * batchSize, h, w * factor[1]])));
}

/** `[length * factor, length]`, half-pixel centres, clamped at the edges. */
function interpolationMatrix(length: number, factor: number): Float32Array {
  const matrix = new Float32Array(length * factor * length);
  for (let i = 0; i < length * factor; i++) {
    const position = Math.min(Math.max((i + 0.5) / factor - 0.5, 0), length - 1);
    const low = Math.floor(position);
    const high = Math.min(low + 1, length - 1);
    matrix[i * length + low] = 1 - (position - low);
    if (high !== low) matrix[i * length + high] = position - low;
  }
  return matrix;
}
