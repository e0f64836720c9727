import { applyPalette, GIFEncoder, quantize } from 'gifenc';

/** A picture of an animation; all of one have the same size. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 4]`, 8 bits a channel. */
  readonly rgba: Uint8Array;
  /** How long it is shown. */
  readonly milliseconds: number;
}

/** A GIF has 256 colors; the last one stands for "as in the frame before". */
const colors = 255;
/** Enough to see every color of a window, few enough to cluster colors in a second. */
const sampledFrames = 6;

/**
 * An endless GIF with one table of colors. A frame only has the pixels that differ from the frame before: the rest is
 * transparent and takes no space.
 *
 * @throws RangeError without frames, and for frames of different sizes
 */
export function animatedGif(frames: readonly Frame[]): Uint8Array {
  const [first] = frames;
  if (first === undefined) throw new RangeError('an animation needs a frame');
  const { width, height } = first;
  const other = frames.find((frame) => frame.width !== width || frame.height !== height);
  if (other !== undefined) throw new RangeError(`frames of one size, not ${width}x${height} and ${other.width}x${other.height}`);
  const palette = quantize(sampleOf(frames), colors);
  const transparentIndex = palette.length;
  const table = [...palette, [0, 0, 0] as const];
  const encoder = GIFEncoder();
  let before: Uint8Array | undefined;
  for (const { rgba, milliseconds } of frames) {
    const indices = applyPalette(rgba.slice(), palette);
    const known = before;
    const changed = known === undefined ? indices : indices.map((index, pixel) => (index === known[pixel] ? transparentIndex : index));
    encoder.writeFrame(changed, width, height, {
      palette: known === undefined ? table : undefined,
      transparent: known !== undefined,
      transparentIndex,
      delay: milliseconds,
      dispose: 1,
    });
    before = indices;
  }
  encoder.finish();
  return encoder.bytes();
}

/** The pixels of frames that are spread over the whole animation, the last one among them. */
function sampleOf(frames: readonly Frame[]): Uint8Array {
  const count = Math.min(sampledFrames, frames.length);
  const chosen = Array.from({ length: count }, (_, i) => frames[frames.length - 1 - Math.floor((i * frames.length) / count)]);
  return Uint8Array.from(Buffer.concat(chosen.flatMap((frame) => (frame === undefined ? [] : [frame.rgba]))));
}
