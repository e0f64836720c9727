/** What a JPEG says of itself before it is decoded. */

/** Size and kind of an image. */
export interface Frame {
  readonly precision: number;
  readonly height: number;
  readonly width: number;
  readonly components: number;
}

/**
 * From the frame header: segments are a marker 0xff.., a length and data.
 *
 * @throws Error where there is none
 */
export function frameOf(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 2; offset + 10 <= bytes.length;) {
    if (bytes[offset] !== 0xff) throw new Error('a segment does not start where it should');
    const marker = bytes[offset + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return {
        precision: view.getUint8(offset + 4),
        height: view.getUint16(offset + 5),
        width: view.getUint16(offset + 7),
        components: view.getUint8(offset + 9),
      };
    // A fill byte before a marker; a marker without a length, as decoders skip it.
    offset += marker === 0xff ? 1 : hasNoLength(marker) ? 2 : 2 + view.getUint16(offset + 2);
  }
  throw new Error('it has no frame');
}

/** TEM, and the restart markers RST0 to RST7. */
function hasNoLength(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

export function countScans(bytes: Uint8Array): number {
  let scans = 0;
  for (let offset = bytes.indexOf(0xff); offset >= 0; offset = bytes.indexOf(0xff, offset + 1)) if (bytes[offset + 1] === 0xda) scans++;
  return scans;
}

const startOfScan = Buffer.from([0xff, 0xda]);
const endOfImage = Buffer.from([0xff, 0xd9]);

/** No end-of-image marker follows the last start of a scan; a thumbnail, which has both, stands before. */
export function isCutShort(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.lastIndexOf(endOfImage) < buffer.lastIndexOf(startOfScan);
}

const jfif = Buffer.from('JFIF\0');
/** Behind a start of image (2 bytes), the marker and the length of the segment (4), and its name. */
const [nameAt, versionAt] = [6, 11];

/**
 * The file with version 1 of JFIF where it states another one. Old programs have written 0, decoders warn of it and read on, and a
 * warning fails here.
 */
export function withKnownVersion(bytes: Uint8Array): Uint8Array {
  const isJfif = bytes[2] === 0xff && bytes[3] === 0xe0 && jfif.equals(bytes.subarray(nameAt, versionAt));
  if (!isJfif || bytes[versionAt] === 1) return bytes;
  // A copy whatever the bytes are: `slice` of a buffer is none.
  const known = new Uint8Array(bytes);
  known[versionAt] = 1;
  return known;
}
