/** JPEG by sharp, where its binary for this machine is installed. */
import type { Pixels } from './resize.ts';

/** What decodes a large photo. The pixels are those of the WebAssembly library. */
export interface NativeDecoder {
  /** With its version. */
  readonly name: string;
  /**
   * One or three channels, not turned by the file's orientation.
   *
   * @throws Error where the file is damaged in any way
   */
  decode(bytes: Uint8Array): Promise<Pixels>;
}

let loading: Promise<NativeDecoder | undefined> | undefined;

/** @returns undefined where sharp is not installed, or does not work on this machine */
export function nativeDecoder(): Promise<NativeDecoder | undefined> {
  return (loading ??= load().catch(() => undefined));
}

async function load(): Promise<NativeDecoder> {
  const { default: sharp } = await import('sharp');
  // Each photo is read once, by one of the threads that the user has allowed.
  sharp.cache(false);
  sharp.concurrency(1);
  let last: Promise<unknown> = Promise.resolve();
  const decode = async (bytes: Uint8Array): Promise<Pixels> => {
    const warnings: string[] = [];
    const { data, info } = await sharp(bytes, { failOn: 'warning', ignoreIcc: true, limitInputPixels: false, sequentialRead: true })
      .on('warning', (warning: string) => warnings.push(warning))
      .raw()
      .toBuffer({ resolveWithObject: true });
    // What libjpeg finds in the last rows does not fail, whatever `failOn` says: libvips looks before it reads rows, not after.
    if (warnings.length > 0) throw new Error(warnings.join('; '));
    return { height: info.height, width: info.width, channels: info.channels, data };
  };
  return {
    name: `sharp ${sharp.versions.sharp}`,
    // One at a time, so that many large photos do not take memory at once.
    decode: (bytes) => {
      const decoded = last.then(() => decode(bytes));
      last = decoded.catch(() => undefined);
      return decoded;
    },
  };
}
