import type { ImageDataSpec } from '../spec/image-spec.ts';
import type { SourceSplits } from '../example-source.ts';
import { decodeImage } from '../images/decode-image.ts';
import { openFiles } from './file-source.ts';

/** What is read of a folder. */
export const imageFiles = {
  extensions: ['.jpg', '.jpeg', '.jfif', '.png'],
  unreadExtensions: ['.bmp', '.gif', '.webp', '.tif', '.tiff', '.heic', '.avif'],
} as const;

/** JPEG and PNG files by class. */
export function openImageFolder(spec: ImageDataSpec, folder: string): Promise<SourceSplits> {
  return openFiles(spec, folder, {
    kind: 'image',
    ...imageFiles,
    classFolder: 'outermost',
    decode: (bytes, where) => {
      const { height, width, channels, data } = decodeImage(bytes, where);
      return { kind: 'image', shape: [height, width, channels], data };
    },
  });
}
