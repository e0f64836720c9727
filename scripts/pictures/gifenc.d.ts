/** What is used of gifenc, which has no types. */
declare module 'gifenc' {
  export type Palette = readonly (readonly [red: number, green: number, blue: number])[];

  export interface FrameOptions {
    /** Of the first frame: the table of all frames. */
    readonly palette?: Palette | undefined;
    readonly transparent?: boolean;
    readonly transparentIndex?: number;
    /** Milliseconds, in steps of 10. */
    readonly delay?: number;
    /** 1 leaves the frame in place, so that the next one is drawn over it. */
    readonly dispose?: 1 | 2 | 3;
  }

  export interface Encoder {
    writeFrame(indices: Uint8Array, width: number, height: number, options: FrameOptions): void;
    finish(): void;
    bytes(): Uint8Array;
  }

  export function GIFEncoder(): Encoder;
  /** `rgba` is the whole of its buffer. */
  export function quantize(rgba: Uint8Array, colors: number): Palette;
  /** As `quantize`. */
  export function applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
}
