import { createRandom, type Random } from '../../src/core/random.ts';

/** Seeded damage to a file: flipped bytes and bits, extreme numbers, truncation, pieces copied, moved or taken from another file. */
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
  switch (random.integer(6)) {
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
      bytes.set(other.subarray(from, from + Math.min(1 + random.integer(512), bytes.length)).slice(0, bytes.length), 0);
      return bytes;
    }
    default: {
      const extremes = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, bytes.length];
      const at = random.integer(Math.max(1, Math.floor(bytes.length / 4))) * 4;
      if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, extremes[random.integer(extremes.length)] ?? 0, true);
      return bytes;
    }
  }
}
