import { BitWriter } from './bit-writer.ts';
import { channelOfElement, integerBytes } from './packable-tensor.ts';
import { ancillaryData, type PackScheme } from './scheme.ts';

/** Indices have at most 7 bits. */
export const mostLutValues = 128;

/**
 * A table of the values that occur, and for each weight an index into it. Every channel has a table of its own, all of
 * one length, so a channel with few values keeps indices short only where every other channel has few as well.
 */
export const lutScheme: PackScheme = {
  name: 'lut',
  encode(tensor) {
    if (tensor.channelDimension === 'other') return undefined;
    const channelOf = channelOfElement(tensor);
    const positions = Array.from({ length: tensor.channels }, () => new Map<number, number>());
    for (let i = 0; i < tensor.values.length; i++) {
      const table = positions[channelOf(i)];
      const value = tensor.values[i] ?? 0;
      if (table === undefined || table.has(value)) continue;
      if (table.size === mostLutValues) return undefined;
      table.set(value, table.size);
    }
    const stride = Math.max(...positions.map((table) => table.size));
    const width = Math.max(1, Math.ceil(Math.log2(stride)));
    const indices = new BitWriter(tensor.values.length * width);
    for (let i = 0; i < tensor.values.length; i++) indices.write(positions[channelOf(i)]?.get(tensor.values[i] ?? 0) ?? 0, width);
    const tables = positions.flatMap((table) => [...table.keys(), ...Array.from({ length: stride - table.size }, () => 0)]);
    return {
      scheme: 'lut',
      details: `${stride} values${tensor.channels > 1 ? ' a channel' : ''}, ${width}-bit indices`,
      encoded: indices.bytes,
      ancillary: ancillaryData('lut', [width, stride], integerBytes(tensor.type, tables)),
    };
  },
};
