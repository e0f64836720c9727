import type { ImageDataSpec } from '../spec/image-spec.ts';
import type { SourceSplits } from '../example-source.ts';
import { decodeImage } from '../images/decode-image.ts';
import { openFiles } from './file-source.ts';

/** JPEG and PNG files by class. */
export function openImageFolder(spec: ImageDataSpec, folder: string): Promise<SourceSplits> {
  return openFiles(spec, folder, {
    kind: 'image',
    extensions: ['.jpg', '.jpeg', '.jfif', '.png'],
    unreadExtensions: ['.bmp', '.gif', '.webp', '.tif', '.tiff', '.heic', '.avif'],
    decode: (bytes, where) => {
      const { height, width, channels, data } = decodeImage(bytes, where);
      return { kind: 'image', shape: [height, width, channels], data };
    },
  });
}
