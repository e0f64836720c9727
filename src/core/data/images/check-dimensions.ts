/** More pixels than so many for each byte of the file mean damaged dimensions: not even blank images pack as densely. */
const pixelsPerByte = 8192;

/** Larger images are refused before they are unpacked: a file of a few bytes can promise gigabytes. */
export const maximumMegapixels = 100;

/** @throws Error where a file of so many bytes cannot hold so many pixels, or they would take too much memory */
export function checkDimensions(pixels: number, fileBytes: number): void {
  if (pixels === 0) throw new Error('its width or height is 0');
  if (pixels > maximumMegapixels * 1e6) throw new Error(`it has ${Math.round(pixels / 1e6)} megapixels, more than ${maximumMegapixels}`);
  if (pixels > fileBytes * pixelsPerByte) throw new Error(`its ${fileBytes} bytes cannot hold ${pixels} pixels`);
}
