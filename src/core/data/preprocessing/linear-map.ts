import { EspalierError } from '../../errors.ts';
import type { Random } from '../../random.ts';
import type { Normalisation } from './preprocessing.ts';

/** `value * scale[c] + offset[c]`: scale, offset and normalisation in one. */
export interface LinearMap {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

export function linearMap(channels: number, scale: number, offset: number, normalisation: Normalisation | undefined): LinearMap {
  const mean = perChannel(normalisation?.mean ?? [0], channels, 'mean');
  const deviation = perChannel(normalisation?.standardDeviation ?? [1], channels, 'standardDeviation');
  deviation.forEach((value, channel) => {
    if (!(value > 0))
      throw new EspalierError('invalid-data', `the standard deviation of channel ${channel} is ${value}, but it must be above 0`, {
        where: 'data.preprocessing.normalise',
        fix: 'leave constant channels out or set their deviation to 1',
      });
  });
  return {
    scale: deviation.map((value) => scale / value),
    offset: mean.map((value, channel) => (offset - value) / (deviation[channel] ?? 1)),
  };
}

function perChannel(values: readonly number[], channels: number, field: string): Float64Array {
  if (values.length !== 1 && values.length !== channels) {
    throw new EspalierError('invalid-data', `it has ${values.length} values, but the data have ${channels} channels`, {
      where: `data.preprocessing.normalise.${field}`,
      fix: 'give one value a channel, or one for all',
    });
  }
  return Float64Array.from({ length: channels }, (_, channel) => values[channel % values.length] ?? 0);
}

/** What each byte becomes, `[channels, 256]`: rounded once to float32, as `x / 255` is in other tools. */
export function byteTable(map: LinearMap): Float32Array {
  const table = new Float32Array(map.scale.length * 256);
  map.scale.forEach((scale, channel) => {
    for (let value = 0; value < 256; value++) table[channel * 256 + value] = value * scale + (map.offset[channel] ?? 0);
  });
  return table;
}

export function addNoise(output: Float32Array, offset: number, length: number, deviation: number, random: Random): void {
  for (let i = offset; i < offset + length; i++) output[i] = (output[i] ?? 0) + deviation * random.normal();
}
