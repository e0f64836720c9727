import { BitWriter } from './bit-writer.ts';
import { channelOfElement, integerBytes } from './packable-tensor.ts';
import { ancillaryData, type PackScheme } from './scheme.ts';

/** A bit for each weight, set where it differs from the zero point, and the weights that do. */
export const pruneScheme: PackScheme = {
  name: 'prune',
  encode(tensor) {
    if (tensor.channelDimension === 'other') return undefined;
    // The runtime takes int16 tensors with zero points of 0 alone.
    if (tensor.type === 'int16' && tensor.zeroPoints.some((zeroPoint) => zeroPoint !== 0)) return undefined;
    const channelOf = channelOfElement(tensor);
    const mask = new BitWriter(tensor.values.length);
    const kept: number[] = [];
    for (let i = 0; i < tensor.values.length; i++) {
      const value = tensor.values[i] ?? 0;
      const differs = value !== tensor.zeroPoints[channelOf(i)];
      mask.write(differs ? 1 : 0, 1);
      if (differs) kept.push(value);
    }
    return {
      scheme: 'prune',
      details: `${tensor.values.length - kept.length} zeros of ${tensor.values.length}`,
      encoded: mask.bytes,
      ancillary: ancillaryData('prune', [0, 0], integerBytes(tensor.type, kept)),
    };
  },
};
