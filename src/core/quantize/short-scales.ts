/** From this many scales on they matter for the size of a compressed file. */
const many = 32;
const droppedBits = 16;
const lastKeptBit = 2 ** droppedBits;

/**
 * Scales of 8 significant bits (those of bfloat16), so that half of their bytes are zeros and compress: scales and
 * biases take 12 bytes a channel that hardly compress otherwise, 7% of a DS-CNN-L in int8. Kernels with few scales keep
 * them.
 *
 * @param scales positive
 * @param rounding `up` where weights are still to be rounded and the largest must fit; `nearest` where integers stand,
 * whose weights then change by 0.4% at most
 */
export function shortScales(scales: Float32Array, rounding: 'up' | 'nearest'): Float32Array {
  if (scales.length < many) return scales;
  return shortened(scales, rounding);
}

/**
 * One of so many scales, in the precision that `shortScales` gives them.
 *
 * @param channels of the kernel
 */
export function shortScale(scale: number, channels: number): number {
  const single = Float32Array.of(scale);
  return (channels < many ? single : shortened(single, 'nearest'))[0] ?? scale;
}

function shortened(scales: Float32Array, rounding: 'up' | 'nearest'): Float32Array {
  const short = scales.slice();
  const bits = new Uint32Array(short.buffer);
  const added = rounding === 'up' ? lastKeptBit - 1 : lastKeptBit / 2;
  bits.forEach((value, i) => {
    bits[i] = Math.floor((value + added) / lastKeptBit) * lastKeptBit;
  });
  return short;
}
