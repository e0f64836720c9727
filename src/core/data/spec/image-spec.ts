import type { FileCollection } from './file-collection-spec.ts';

/** JPEG and PNG files by class. */
export interface ImageDataSpec extends FileCollection {
  readonly format: 'images';
}
