import type { BuildOptions } from 'esbuild';

export const nodeBundle: BuildOptions;
/** With a plugin: for `build` alone. */
export const extensionBundle: BuildOptions;
