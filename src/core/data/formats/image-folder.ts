import type { ModelTensor } from '../../network/model-interface.ts';
import { openMaskedImages } from './image-masks.ts';
import type { ImageDataSpec } from '../spec/image-spec.ts';
import type { SourceSplits } from '../example-source.ts';
import { decodeImage } from '../images/decode-image.ts';
import { openFiles } from './file-source.ts';

/** What is read of a folder. */
export const imageFiles = {
  extensions: ['.jpg', '.jpeg', '.jfif', '.png'],
  unreadExtensions: ['.bmp', '.gif', '.webp', '.tif', '.tiff', '.heic', '.avif'],
} as const;

/** JPEG and PNG files by class, or with masks. */
export function openImageFolder(spec: ImageDataSpec, folder: string, outputs?: readonly ModelTensor[]): Promise<SourceSplits> {
  const { masks } = spec;
  if (masks !== undefined) return openMaskedImages({ ...spec, masks }, folder, outputs);
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
