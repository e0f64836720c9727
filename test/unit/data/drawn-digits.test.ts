import { expect, it } from 'vitest';
import { drawDigit } from '../../../src/core/data/generated/digits.ts';
import { createRandom } from '../../../src/core/random.ts';
import { digestOf } from '../../../src/core/tree/store/digest.ts';

it('draws the digits that were drawn pixel by pixel before', () => {
  const drawn = Array.from({ length: 200 }, (_, i) => [...drawDigit(i % 10, createRandom(i))]);
  expect(digestOf(drawn).slice(0, 16)).toBe('953a8bbd37785d2d');
});
