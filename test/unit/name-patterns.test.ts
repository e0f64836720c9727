import { describe, expect, it } from 'vitest';
import { exactPattern, fieldPattern, wildcard } from '../../src/core/name-patterns.ts';
import { createRandom } from '../../src/core/random.ts';

const random = createRandom(7);
const text = (letters: string, most: number): string =>
  Array.from({ length: random.integer(most + 1) }, () => letters[random.integer(letters.length)] ?? '').join('');

describe('a wildcard', () => {
  it.each([
    ['conv*', 'conv2d_1', true],
    ['conv*', 'my_conv', false],
    ['*conv?', 'a/conv1', true],
    ['*conv?', 'a/conv12', false],
    ['dense', 'dense', true],
    ['dense', 'dense_1', false],
    ['a.b', 'axb', false],
    ['*', '', true],
    ['', '', true],
    ['?', '😀', true],
    ['**', 'anything', true],
    ['[ab]', 'a', false],
  ])('%j on %j: %j', (pattern, name, matches) => {
    expect(wildcard(pattern)(name)).toBe(matches);
  });

  it('matches what the regular expression of the same meaning does', () => {
    for (let i = 0; i < 20_000; i++) {
      const [pattern, name] = [text('ab*?', 6), text('ab', 7)];
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);
      expect([pattern, name, wildcard(pattern)(name)]).toEqual([pattern, name, expected]);
    }
  });

  it('takes steps in proportion to pattern and name where a regular expression would not end', () => {
    expect(wildcard('**e*e*e*e*e*e*e*e*e*e*e*e*Q')('e'.repeat(20_000))).toBe(false);
  });

  it.each([
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'a-b', false],
    ['a\\?', 'a?', true],
    ['a\\?', 'ab', false],
    ['a\\\\*', 'a\\-', true],
    ['a\\b*', 'a\\bc', true],
    ['a\\', 'a\\', true],
  ])('with a backslash, %s, matches %s: %s', (pattern, name, expected) => {
    expect(wildcard(pattern)(name)).toBe(expected);
  });

  it('can be one that a name alone matches', () => {
    for (let trial = 0; trial < 5000; trial++) {
      const [name, other] = [text('a*?\\', 5), text('a*?\\', 5)];
      expect(wildcard(exactPattern(name))(name)).toBe(true);
      expect([name, other, wildcard(exactPattern(name))(other)]).toEqual([name, other, name === other]);
    }
    // Names without these letters are patterns already.
    expect(exactPattern('model/dense_1:0\\kernel')).toBe('model/dense_1:0\\kernel');
  });
});

describe('a pattern of fields', () => {
  it('gives each field its text, as short as what follows allows', () => {
    const fields = fieldPattern('<class>_<speaker>_<n>.wav');
    expect(fields('7_jackson_32.wav')).toEqual({ class: '7', speaker: 'jackson', n: '32' });
    expect(fields('7_a_b_32.WAV')).toEqual({ class: '7', speaker: 'a', n: 'b_32' });
    expect(fields('7_jackson.wav')).toBeUndefined();
    expect(fields('_jackson_32.wav')).toBeUndefined();
    expect(fieldPattern('x<class>')('xİy')).toEqual({ class: 'İy' });
    expect(fieldPattern('plain.wav')('plain.wav')).toEqual({});
    expect(fieldPattern('plain.wav')('plain.wavx')).toBeUndefined();
  });

  it('matches what the regular expression of the same meaning does', () => {
    for (let i = 0; i < 20_000; i++) {
      const texts = [text('a.', 2), text('ab', 2), text('ab', 1), text('a', 2)];
      const pattern = texts.map((part, index) => `${part}${index < texts.length - 1 ? `<f${index}>` : ''}`).join('');
      const name = text('aAbB.', 9);
      const source = texts.map((part) => part.replaceAll('.', '\\.')).reduce((all, part, index) => `${all}(?<f${index - 1}>.+?)${part}`);
      const expected = new RegExp(`^${source}$`, 'i').exec(name)?.groups;
      expect([pattern, name, fieldPattern(pattern)(name)]).toEqual([pattern, name, expected === undefined ? undefined : { ...expected }]);
    }
  });

  it('takes steps in proportion to pattern and name where a regular expression would not end', () => {
    const fields = Array.from({ length: 12 }, (_, index) => `<f${index}>e`).join('');
    expect(fieldPattern(`${fields}<class>Q`)('e'.repeat(20_000))).toBeUndefined();
  });
});
