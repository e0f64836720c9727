import type { ColumnTargets } from './column-targets.ts';
import type { TableOptions } from './csv-spec.ts';
import type { FileCollection } from './file-collection-spec.ts';

/** JPEG and PNG files by class, by a table, each with a mask of the classes of its pixels, or without labels. */
export interface ImageDataSpec extends FileCollection {
  readonly format: 'images';
  /**
   * For segmentation: the folder of the masks. The mask of `a/1.jpg` in `folder` is `a/1.png` there: a PNG of the image's size,
   * grey with 8 bits or with a palette, whose values (or indices) are the classes from 0 on; 255 counts for none. `classes` names
   * them.
   * @examples ["masks"]
   */
  readonly masks?: string;
  /** A table with what is to be predicted for each image, instead of folders by class. */
  readonly labels?: ImageLabels;
}

/** A CSV file with a line for each image. */
export interface ImageLabels extends ColumnTargets, TableOptions {
  /** @examples ["labels.csv"] */
  readonly file: string;
  /**
   * Column with the names of the images: paths below the folder of the images, or the last part of them, with or without the
   * extension. Without it the first. Without `target` all other columns are predicted.
   * @examples ["file"]
   */
  readonly fileColumn?: string;
}
