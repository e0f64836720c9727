import type { FileCollection } from '../spec/file-collection-spec.ts';
import type { Example, ExampleSource, SourceSplits } from '../example-source.ts';
import type { BackgroundFile } from '../files/classed-files.ts';
import { decodableFiles } from '../files/decodable-files.ts';
import { findLabelledFiles, type LabelledFile, type LabellingOptions } from '../files/labelled-files.ts';
import type { KeptExamples } from '../kept-examples.ts';

export interface FileFormat extends LabellingOptions {
  readonly kind: 'image' | 'sound';
  /** @throws EspalierError that names the file */
  readonly decode: (bytes: Uint8Array, where: string) => Example | Promise<Example>;
  /** With its version, where decoded examples may be kept. */
  readonly decoderOf?: ((bytes: Uint8Array) => Promise<string>) | undefined;
  /** Where it is kept which files can be decoded. */
  readonly kept?: KeptExamples | undefined;
}

/** Examples from one file each, decoded when they are read. */
export async function openFiles(spec: FileCollection, folder: string, format: FileFormat): Promise<FileSplits> {
  const files = await findLabelledFiles(spec, folder, format);
  const warnings: string[] = [...files.warnings];
  const open = (name: string, list: readonly LabelledFile[]): Promise<ExampleSource> =>
    filesAsSource(name, list, spec, format, warnings, (usable) => ({
      target: { kind: 'classes', classes: files.classes.length, names: files.classes },
      labels: Int32Array.from(usable, (file) => file.label),
      targets: new Float32Array(0),
    }));
  return {
    train: await open('train', files.train),
    validation: files.validation && (await open('validation', files.validation)),
    test: files.test && (await open('test', files.test)),
    warnings,
    background: files.background,
  };
}

/** @param label of the files that can be decoded */
export async function filesAsSource<F extends BackgroundFile>(
  name: string,
  list: readonly F[],
  { unreadable }: Pick<FileCollection, 'unreadable'>,
  format: Pick<FileFormat, 'kind' | 'decode' | 'decoderOf' | 'kept'>,
  warnings: string[],
  label: (usable: readonly F[]) => Pick<ExampleSource, 'target' | 'labels' | 'targets'>,
): Promise<ExampleSource> {
  const usable = unreadable === 'skip' ? await decodableFiles(list, format, warnings, format.kept) : list;
  const { decoderOf } = format;
  const fileAt = (index: number): F => {
    const file = usable[index];
    if (file === undefined) throw new RangeError(`example ${index} of ${usable.length}`);
    return file;
  };
  return {
    name,
    kind: format.kind,
    size: usable.length,
    shape: undefined,
    ...label(usable),
    load: async (index) => decodeFile(fileAt(index), format),
    readEncoded:
      decoderOf === undefined
        ? undefined
        : async (index) => {
            const { tree, path } = fileAt(index);
            const bytes = await tree.read(path);
            return { bytes, decoder: await decoderOf(bytes), decode: async () => format.decode(bytes, `${tree.name}/${path}`) };
          },
  };
}

export interface FileSplits extends SourceSplits {
  readonly background: readonly BackgroundFile[];
}

export async function decodeFile(file: BackgroundFile, { decode }: Pick<FileFormat, 'decode'>): Promise<Example> {
  return decode(await file.tree.read(file.path), `${file.tree.name}/${file.path}`);
}
