import { createRandom, type Random } from '../../src/core/random.ts';

/**
 * Seeded damage to files: bytes and bits flipped, extreme numbers, truncation, pieces copied over others, spliced in from
 * another of the files, and cut out.
 */
export function* mutations(files: readonly Uint8Array[], count: number, seed: number): Generator<Uint8Array> {
  const random = createRandom(seed);
  for (let i = 0; i < count; i++) {
    const file = files[random.integer(files.length)] ?? new Uint8Array();
    const other = files[random.integer(files.length)] ?? file;
    yield mutate(file, other, random);
  }
}

function mutate(file: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const bytes = file.slice();
  switch (random.integer(7)) {
    case 0:
      for (let n = 1 + random.integer(8); n > 0; n--) bytes[random.integer(bytes.length)] = random.integer(256);
      return bytes;
    case 1: {
      const at = random.integer(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
      return bytes;
    }
    case 2:
      return bytes.slice(0, random.integer(bytes.length));
    case 3: {
      const length = 1 + random.integer(256);
      bytes.copyWithin(random.integer(bytes.length), random.integer(bytes.length), random.integer(bytes.length) + length);
      return bytes;
    }
    case 4: {
      const from = random.integer(other.length);
      return splice(bytes, random.integer(bytes.length), random.integer(2), other.subarray(from, from + 1 + random.integer(512)));
    }
    case 5: {
      const from = random.integer(bytes.length);
      return splice(bytes, from, 1 + random.integer(512), new Uint8Array());
    }
    default: {
      const extremes = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, bytes.length];
      const at = random.integer(Math.max(1, Math.floor(bytes.length / 4))) * 4;
      if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, extremes[random.integer(extremes.length)] ?? 0, true);
      return bytes;
    }
  }
}

/** `bytes` with `removed` of them from `at` on replaced by `piece`. */
function splice(bytes: Uint8Array, at: number, removed: number, piece: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - Math.min(removed, bytes.length - at) + piece.length);
  result.set(bytes.subarray(0, at));
  result.set(piece, at);
  result.set(bytes.subarray(at + Math.min(removed, bytes.length - at)), at + piece.length);
  return result;
}
