import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createEngine } from '../../../../src/core/engine/create-engine.ts';
import type { Engine } from '../../../../src/core/engine/engine.ts';
import { importModel, type ImportedModel, type ImportOptions } from '../../../../src/core/import/import-model.ts';
import { compareWithOriginal } from '../../../../src/core/measure/compare-with-original.ts';
import { inTemporaryFolder } from '../keras-model-files.ts';

let engine: Promise<Engine> | undefined;

/** Imports the file and compares the network with the file in onnxruntime: it throws where they differ, or nothing was compared. */
export async function importCompared(bytes: Uint8Array, options: ImportOptions = {}): Promise<ImportedModel> {
  const imported = await importOnnxBytes(bytes, options);
  engine ??= createEngine({ name: 'onnxruntime-node', threads: 1 });
  if (imported.original === undefined) throw new Error('there is nothing to compare with');
  const { skipped, examples } = await compareWithOriginal(imported.network, imported.original, await engine);
  if (skipped !== undefined || examples === 0) throw new Error(`nothing was compared: ${skipped ?? ''}`);
  return imported;
}

export function importOnnxBytes(bytes: Uint8Array, options: ImportOptions = {}): Promise<ImportedModel> {
  return inTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'model.onnx'), bytes);
    return importModel(join(folder, 'model.onnx'), options);
  });
}

export function kindsOf({ network }: ImportedModel): readonly string[] {
  return network.operations.map(({ kind }) => kind);
}
