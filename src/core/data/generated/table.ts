import { createRandom, type Random } from '../../random.ts';

export const tableClasses = ['a', 'b', 'c'] as const;
export const tableFeatures = 8;

/** A row of 8 measurements: each class is a mixture of two overlapping clouds, so that no straight line parts them. */
export function makeRow(label: number, random: Random): Float32Array {
  const cloud = createRandom(31 * (2 * label + random.integer(2)) + 5);
  const centre = Array.from({ length: tableFeatures }, () => 1.1 * cloud.normal());
  const common = 0.5 * random.normal();
  return Float32Array.from(centre, (value) => value + common + 0.6 * random.normal());
}
