import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { importModel, type ImportedModel, type ImportOptions } from '../import/import-model.ts';
import { compareWithOriginal, type OriginalComparison } from '../measure/compare-with-original.ts';

export interface ComparedModel extends ImportedModel {
  /** Of formats that a runtime here can run as they are. */
  readonly comparison: OriginalComparison | undefined;
}

/**
 * Imports a model and, where a runtime can run the original, compares the two on random inputs.
 *
 * @param engine that runs the network; by default one of its own
 * @throws EspalierError as importing does, and `unsupported-model` that names the first operator that differs
 */
export async function importCompared(path: string, options: ImportOptions & { readonly engine?: Engine } = {}): Promise<ComparedModel> {
  const imported = await importModel(path, options);
  if (imported.original === undefined) return { ...imported, comparison: undefined };
  const comparison = await compareWithOriginal(imported.network, imported.original, options.engine ?? (await createEngine()));
  const { skipped } = comparison;
  const warnings = skipped === undefined ? [] : [`the network could not be compared with the original: ${skipped}`];
  return { ...imported, warnings: [...imported.warnings, ...warnings], comparison };
}
