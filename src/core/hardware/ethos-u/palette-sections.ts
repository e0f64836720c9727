import { largestPalette, largestWeight } from './weight-palette.ts';

/** Values that a new palette is tried on, counted without zeros. */
const windows = [32, 64, 128, 256, 512];
/** A palette that has lasted for more values than this is not extended by another index bit. */
const longLife = 512;
/** Bits that a value takes without a palette. */
const plainBits = 6;
/** What the encoder reckons a bit of an index to be worth, an entry of a palette and a header to cost. */
const indexBitWorth = 15 / 16;
const entryCost = 8;
const headerCost = 20;

/**
 * Cuts a stream where Arm's encoder begins a new palette: where the last values need so much shorter indices that they pay for one, and where a value
 * that a long-lived palette lacks would lengthen its indices.
 */
export function paletteSections(weights: Int16Array): readonly Int16Array[] {
  const cuts = [0];
  const scan = new SectionScan(weights);
  for (let at = 0; at < weights.length; at++) {
    if (scan.outgrows(at)) cuts.push(scan.begin(at, false, at));
    scan.take(at);
    for (const window of windows) {
      const start = scan.betterStart(at, window);
      if (start !== undefined) cuts.push(scan.begin(start, true, at + 1));
    }
  }
  const starts = [...new Set(cuts)].sort((a, b) => a - b);
  return starts.map((start, i) => weights.subarray(start, starts[i + 1] ?? weights.length));
}

class SectionScan {
  private start = 0;
  private hasPalette = false;
  private entries = 0;
  private zeros = 0;
  /** Last place of each value, by value + 255. */
  private readonly lastPlace = new Int32Array(2 * largestWeight + 1).fill(-1);

  constructor(private readonly weights: Int16Array) {}

  /** Whether the palette in use had better end before this weight. */
  outgrows(at: number): boolean {
    if (!this.hasPalette || this.placeOf(this.weights[at] ?? 0) >= this.start) return false;
    this.entries++;
    const coded = this.entries - this.zeroEntries(at);
    return isPowerOfTwo(coded - 1) && (at - this.start - this.zeros > longLife || coded > largestPalette);
  }

  take(at: number): void {
    const weight = this.weights[at] ?? 0;
    this.lastPlace[weight + largestWeight] = at;
    if (weight === 0) this.zeros++;
  }

  /** Begins a section; weights before `end` have been taken already. */
  begin(start: number, hasPalette: boolean, end: number): number {
    this.start = start;
    this.hasPalette = hasPalette;
    this.entries = hasPalette ? this.valuesSince(start) : 0;
    this.zeros = this.weights.subarray(start, end).reduce((count, weight) => count + (weight === 0 ? 1 : 0), 0);
    return start;
  }

  /** Where a palette for the last values alone would begin, if it paid. */
  betterStart(at: number, window: number): number | undefined {
    const length = this.hasPalette ? 2 * window : window;
    const values = at - this.start - this.zeros;
    if (values <= 0 || values % length !== 0) return undefined;
    const start = this.placeBefore(at, length);
    const entries = this.valuesSince(start);
    // Zeros are no entries where they are coded as runs; the share of zeros before this weight decides.
    const zeros = this.zeroEntries(at, this.weights[at] === 0 ? this.zeros - 1 : this.zeros);
    if (!this.hasPalette && entries - zeros > largestPalette) return undefined;
    const bitsNow = this.hasPalette ? indexBits(this.entries - zeros) : plainBits;
    const saved = Math.trunc(length * (bitsNow - indexBits(entries - zeros)) * indexBitWorth);
    return saved > entries * entryCost + headerCost ? start : undefined;
  }

  private placeOf(weight: number): number {
    return this.lastPlace[weight + largestWeight] ?? -1;
  }

  private zeroEntries(at: number, zeros = this.zeros): number {
    return zeros > Math.floor((at - this.start) / 4) ? 1 : 0;
  }

  private valuesSince(start: number): number {
    return this.lastPlace.reduce((count, place) => count + (place >= start ? 1 : 0), 0);
  }

  /** So many values back, not before the section's second weight unless there are fewer. */
  private placeBefore(at: number, values: number): number {
    let left = values + 1;
    let place = at;
    for (; place > this.start; place--) if (this.weights[place] !== 0 && left-- === 0) break;
    return place;
  }
}

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}

function indexBits(entries: number): number {
  return entries <= 1 ? 0 : Math.min(8, 32 - Math.clz32(entries - 1));
}
