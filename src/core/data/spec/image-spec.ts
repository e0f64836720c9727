import type { FileCollection } from './file-collection-spec.ts';

/** JPEG and PNG files by class, or each with a mask of the classes of its pixels. */
export interface ImageDataSpec extends FileCollection {
  readonly format: 'images';
  /**
   * For segmentation: the folder of the masks. The mask of `a/1.jpg` in `folder` is `a/1.png` there: a grey PNG of 8 bits and of
   * the image's size, whose values are the classes from 0 on; 255 counts for none. `classes` names them.
   * @examples ["masks"]
   */
  readonly masks?: string;
}
