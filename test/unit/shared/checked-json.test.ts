import { describe, expect, it } from 'vitest';
import {
  isArrayOf,
  isBoolean,
  isCount,
  isNumber,
  isObjectOf,
  isPairOf,
  isRecord,
  isRecordOf,
  isString,
  optional,
  parseChecked,
} from '../../../src/shared/checked-json.ts';

const values: readonly unknown[] = ['', 0, 2, -1, 1.5, true, null, undefined, [], [1], ['a', 1], {}, { a: 1 }, { a: 'b' }];
const accepted = (guard: (value: unknown) => boolean): readonly unknown[] => values.filter(guard);

describe('guards', () => {
  it('accept values of their type and no other', () => {
    expect(accepted(isString)).toEqual(['']);
    expect(accepted(isNumber)).toEqual([0, 2, -1, 1.5]);
    expect(accepted(isCount)).toEqual([0, 2]);
    expect(accepted(isBoolean)).toEqual([true]);
    expect(accepted(isRecord)).toEqual([{}, { a: 1 }, { a: 'b' }]);
    expect(accepted(optional(isString))).toEqual(['', undefined]);
    expect(accepted(isArrayOf(isNumber))).toEqual([[], [1]]);
    expect(accepted(isPairOf(isString, isNumber))).toEqual([['a', 1]]);
    expect(accepted(isRecordOf(isNumber))).toEqual([{}, { a: 1 }]);
  });

  it('of objects ask for each field, and leave others alone', () => {
    const isNamed = isObjectOf<{ readonly name: string; readonly size?: number | undefined }>({ name: isString, size: optional(isNumber) });
    expect(isNamed({ name: 'a', more: [] })).toBe(true);
    expect(isNamed({ name: 'a', size: 1 })).toBe(true);
    expect(isNamed({ name: 'a', size: '1' })).toBe(false);
    expect(isNamed({ size: 1 })).toBe(false);
    expect(isNamed(['a'])).toBe(false);
    expect(isNamed(null)).toBe(false);
  });
});

describe('parseChecked', () => {
  it('gives the value of a text that is JSON of the type', () => {
    expect(parseChecked('[1, 2]', isArrayOf(isNumber))).toEqual([1, 2]);
  });

  it('gives undefined for another type and for what is not JSON', () => {
    expect(parseChecked('["1"]', isArrayOf(isNumber))).toBeUndefined();
    expect(parseChecked('[1, 2', isArrayOf(isNumber))).toBeUndefined();
    expect(parseChecked('', isString)).toBeUndefined();
  });
});
