import { expect, it } from 'vitest';
import { bytesOfKilobytes } from '../../../src/shared/search-budget.ts';

it('a size in kB is whole bytes, and none where it is less than one', () => {
  expect(bytesOfKilobytes(60)).toBe(60_000);
  expect(bytesOfKilobytes(3.5004)).toBe(3500);
  expect(bytesOfKilobytes(0.001)).toBe(1);
  for (const none of [0.0004, 0, -1, 1e30, NaN]) expect(bytesOfKilobytes(none)).toBeUndefined();
});
