/**
 * How many bytes the NPU's weight format takes for a stream of weights. The format is lossless: sections with a palette of their own, whose values
 * are coded as indices by Golomb-Rice codes, and the lengths of runs of zeros apart from them where zeros are many.
 *
 * The format is that of the decoder in nxp-imx/ethos-u-vela (mlw_codec), sections are those of its encoder; where codes change is decided here, by
 * what is smallest.
 */
import { paletteSections } from './palette-sections.ts';
import { largestWeight, paletteOf, type Palette } from './weight-palette.ts';

/** Of a slice: run code, length, weight code, truncation, palette flag. */
const sliceHeaderBits = 23;
/** Codes are written in groups of this many unary bits; the last one of a slice is filled up. */
const groupBits = 12;
const codeChangeBits = sliceHeaderBits + groupBits;
const endMarkerBits = 3;
/** Streams end at a multiple of 16 bytes. */
const streamAlignment = 128;

/** Codes may change after this many weights. */
const codePeriod = 64;

/** Bytes of the encoded stream of weights, each in [-255, 255]. */
export function encodedStreamBytes(weights: Int16Array): number {
  const bits = paletteSections(weights).reduce((sum, section) => sum + sectionBits(section), 0);
  return (Math.ceil((bits + endMarkerBits) / streamAlignment) * streamAlignment) / 8;
}

/** With codes that change where that is worth a new slice: the shortest path over periods and codes. */
function sectionBits(weights: Int16Array): number {
  const palette = paletteOf(weights);
  const codes = codesFor(palette);
  let paths = codes.map(() => 0);
  for (let start = 0; start < weights.length; start += codePeriod) {
    const period = weights.subarray(start, start + codePeriod);
    const change = Math.min(...paths) + codeChangeBits;
    paths = paths.map((path, i) => Math.min(path, change) + valueBits(period, palette, codes[i] ?? []));
  }
  return sliceHeaderBits + palette.headerBits + Math.min(...paths) + runBits(weights, palette);
}

/** Bits by index. */
type Code = readonly number[];

const indexCount = 512;
const largestQuotient = 31;
const largestTruncatedQuotient = 2;

/** With six lengths of remainders, with and without truncated quotients. */
export const riceCodes: readonly Code[] = [0, 1, 2, 3, 4, 5].flatMap((remainderBits) => {
  const code = (bits: (quotient: number) => number): Code =>
    Array.from({ length: indexCount }, (_, index) => bits(index >> remainderBits) + remainderBits);
  return [
    code((quotient) => (quotient <= largestQuotient ? quotient + 1 : Infinity)),
    code((quotient) => (quotient <= largestTruncatedQuotient ? Math.min(quotient + 1, 2) : Infinity)),
  ];
});

function codesFor({ rawBits }: Palette): readonly Code[] {
  return rawBits === undefined ? riceCodes : [...riceCodes, new Array<number>(indexCount).fill(rawBits)];
}

function valueBits(weights: Int16Array, palette: Palette, code: Code): number {
  const { zeroRuns, indices } = palette;
  let bits = 0;
  for (const weight of weights) if (weight !== 0 || !zeroRuns) bits += code[indices[weight + largestWeight] ?? 0] ?? Infinity;
  return bits;
}

/** A run, of no zeros too, before the first value and after each. */
function runBits(weights: Int16Array, { zeroRuns }: Palette): number {
  if (!zeroRuns) return 0;
  const bits = [0, 0, 0, 0];
  let run = 0;
  const end = (): void => {
    for (const parameter of bits.keys()) bits[parameter] = (bits[parameter] ?? 0) + (run >> parameter) + 1 + parameter;
    run = 0;
  };
  for (const weight of weights) {
    if (weight === 0) run++;
    else end();
  }
  end();
  return Math.min(...bits);
}
