import type { Linter } from 'eslint';

/** Folder -> the folders that it may import from. */
export type LayerTable = Readonly<Record<string, readonly string[]>>;

export function layerViolation(table: LayerTable, from: string, specifier: string): string | undefined;
export const layerPlugin: NonNullable<Linter.Config['plugins']>[string];
