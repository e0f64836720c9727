import { describe, expect, it } from 'vitest';
import { Arena } from '../../../../src/core/program/memory/arena.ts';

const mebibyte = 2 ** 20;

describe('the arena', () => {
  it('rounds to 256 bytes and counts what was ever used, not the whole region', () => {
    const arena = new Arena();
    const first = arena.allocate(1);
    expect(arena.touchedBytes).toBe(256);
    arena.allocate(1000);
    expect(arena.touchedBytes).toBe(256 + 1024);
    arena.release(first);
    expect(arena.touchedBytes).toBe(256 + 1024);
  });

  it('takes the smallest free chunk that fits, and joins free neighbours', () => {
    const arena = new Arena();
    const [a, b, , d] = [arena.allocate(1024), arena.allocate(512), arena.allocate(256), arena.allocate(512), arena.allocate(256)];
    arena.release(a);
    arena.release(d);
    expect(arena.allocate(512)).toMatchObject({ start: d.start });
    arena.release(b);
    // a and b are one chunk of 1,536 bytes now.
    expect(arena.allocate(1536)).toMatchObject({ start: a.start, size: 1536 });
  });

  it('gives a chunk whole that is less than twice as large, else splits it', () => {
    const arena = new Arena();
    const first = arena.allocate(1024);
    arena.allocate(256);
    arena.release(first);
    expect(arena.allocate(768)).toMatchObject({ start: 0, size: 1024 });
    const other = new Arena();
    const large = other.allocate(1024);
    other.allocate(256);
    other.release(large);
    expect(other.allocate(512)).toMatchObject({ start: 0, size: 512 });
    expect(other.allocate(512)).toMatchObject({ start: 512, size: 512 });
  });

  it('adds regions twice as large as the one before, which do not join', () => {
    const arena = new Arena();
    const whole = [arena.allocate(mebibyte), arena.allocate(mebibyte), arena.allocate(mebibyte)];
    // 1 MiB, then 2 MiB for two of them.
    expect(whole.map(({ start, region }) => [start, region.size])).toEqual([
      [0, mebibyte],
      [0, 2 * mebibyte],
      [mebibyte, 2 * mebibyte],
    ]);
    whole.forEach((each) => arena.release(each));
    // 3 MiB are free, but no more than 2 together.
    expect(arena.allocate(3 * mebibyte)).toMatchObject({ start: 0, region: { size: 4 * mebibyte } });
    expect(arena.touchedBytes).toBe(6 * mebibyte);
  });
});
