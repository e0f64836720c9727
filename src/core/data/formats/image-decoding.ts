import type { Example } from '../example-source.ts';
import { decodeImage, imageDecoderOf } from '../images/decode-image.ts';

/** How a file of an image becomes an example. */
export const imageDecoding = {
  kind: 'image',
  decoderOf: imageDecoderOf,
  decode: async (bytes: Uint8Array, where: string): Promise<Example & { readonly kind: 'image' }> => {
    const { height, width, channels, data } = await decodeImage(bytes, where);
    return { kind: 'image', shape: [height, width, channels], data };
  },
} as const;
