import { expect, it } from 'vitest';
import { npyNumbers, readNpy } from '../../../src/core/data/formats/npy-array.ts';
import { bytesInMemory } from '../../../src/core/data/files/byte-store.ts';

function npy(descr: string, fortran: boolean, shape: string, data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`.padEnd(117) + '\n';
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([118, 0]), Buffer.from(header), data]);
}

const read = (file: Uint8Array, from: number, count: number): number[] =>
  Array.from(npyNumbers(readNpy(bytesInMemory(file), 'array.npy'), from, count));

it('reads numbers of either byte order', () => {
  expect(read(npy('>i2', false, '(3,)', Uint8Array.of(0, 1, 1, 0, 0xff, 0xfe)), 0, 3)).toEqual([1, 256, -2]);
  expect(read(npy('<i2', false, '(3,)', Uint8Array.of(1, 0, 0, 1, 0xfe, 0xff)), 0, 3)).toEqual([1, 256, -2]);
  expect(read(npy('>f4', false, '(1, 1)', Uint8Array.of(0x3f, 0xc0, 0, 0)), 0, 1)).toEqual([1.5]);
});

it('reads Fortran order, whose first axis varies fastest', () => {
  // a[i][j][k] = 100 i + 10 j + k, of shape [2, 3, 2]: columns first as NumPy writes them.
  const stored = [0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121];
  const file = npy('<f4', true, '(2, 3, 2)', new Uint8Array(Float32Array.from(stored).buffer));
  expect(read(file, 0, 12)).toEqual([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);
  expect(read(file, 6, 2)).toEqual([100, 101]);
  const bytes = npy('|u1', true, '(2, 2)', Uint8Array.of(1, 3, 2, 4));
  expect(read(bytes, 0, 4)).toEqual([1, 2, 3, 4]);
});
