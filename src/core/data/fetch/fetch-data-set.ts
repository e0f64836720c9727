import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError, isEspalierError } from '../../errors.ts';
import type { DataSpec } from '../spec/data-spec.ts';
import { fileError } from '../files/file-access.ts';
import { catalogue, type DataSetFile, type DataSetName, dataSetNames, type PublishedDataSet } from './catalogue.ts';
import { downloadFile, type DownloadOptions, hasDigest, sizeOf } from './download-file.ts';

export interface FetchDataSetOptions {
  /** Folder for the files; created if needed. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (file: string, received: number, total: number | undefined) => void;
  /** Other sources, such as a mirror. */
  readonly files?: readonly DataSetFile[];
}

export interface FetchedDataSet {
  readonly title: string;
  readonly page: string;
  /** Paths of the files. */
  readonly files: readonly string[];
  /** To be put into a recipe, with paths as `folder` was given. */
  readonly spec: DataSpec;
}

/**
 * Downloads a published data set. Existing files with the right checksum stay; an interrupted download resumes.
 *
 * @throws EspalierError with the manual steps where the network does not allow it
 */
export async function fetchDataSet(name: string, options: FetchDataSetOptions): Promise<FetchedDataSet> {
  if (!isDataSetName(name))
    throw new EspalierError('invalid-argument', `there is no data set "${name}" to fetch`, {
      fix: `choose one of ${dataSetNames.join(', ')}`,
    });
  const dataSet = catalogue[name];
  const { folder, signal, onProgress } = options;
  if (dataSet.byHand !== undefined) await requireFolders(dataSet, dataSet.byHand, folder);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  const files = options.files ?? dataSet.files;
  for (const file of files) {
    const path = join(folder, file.name);
    if ((await sizeOf(path)) !== undefined && (await hasDigest(path, file.sha256))) continue;
    const download: DownloadOptions = { signal, onProgress: (received, total) => onProgress?.(file.name, received, total) };
    await downloadFile(file, path, download).catch((error: unknown) => {
      throw withManualSteps(error, dataSet, files, folder);
    });
  }
  return { title: dataSet.title, page: dataSet.page, files: files.map((file) => join(folder, file.name)), spec: dataSet.spec(folder) };
}

function isDataSetName(name: string): name is DataSetName {
  return dataSetNames.some((known) => known === name);
}

async function requireFolders(
  { title, page }: PublishedDataSet,
  { folders, steps }: NonNullable<PublishedDataSet['byHand']>,
  folder: string,
): Promise<void> {
  for (const name of folders) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isDirectory() === true) continue;
    const list = steps.map((step, index) => `  ${index + 1}. ${step}`).join('\n');
    throw new EspalierError(
      'file-access',
      `${title} cannot be downloaded without its publisher's leave, and there is no folder "${name}"`,
      {
        where: folder,
        fix: `get it by hand, into ${folder}, and run the command again:\n${list}\nAbout the data: ${page}`,
      },
    );
  }
}

function withManualSteps(error: unknown, { title, page }: PublishedDataSet, files: readonly DataSetFile[], folder: string): unknown {
  if (!isEspalierError(error) || error.code !== 'file-access' || error.fix !== undefined) return error;
  const list = files.map(({ url, sha256 }) => `  ${url} (SHA-256 ${sha256})`).join('\n');
  return new EspalierError('file-access', error.message, {
    fix: `download ${title} on a machine that may, put these files into ${folder} and run the command again, which checks them:\n${list}\nAbout the data: ${page}`,
    cause: error,
  });
}
