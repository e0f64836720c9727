import { readFile } from 'node:fs/promises';

/** How everything that runs in Node is bundled: the extension, the worker, the command line, and what tests put in their places. */
export const nodeBundle = {
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // Packages with native code or .wasm files are found in node_modules at run time.
  external: [
    'vscode',
    'onnxruntime-node',
    'onnxruntime-web',
    '@litertjs/core',
    '@cornerstonejs/*',
    'h5wasm',
    'h5wasm/node',
    'sharp',
    '@tensorflow/*',
  ],
  // Their CommonJS form is UMD, whose inner requires no bundler can follow.
  alias: {
    'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
    'vscode-json-languageservice': 'vscode-json-languageservice/lib/esm/jsonLanguageService.js',
  },
  // Our sources are ESM and ask for import.meta.url; a CommonJS bundle has __filename instead.
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/**
 * What the extension's bundle has besides. A file that is an ES module gets a copy of all names of each CommonJS module that it
 * imports, here of the editor's some two hundred for each of fifty files: half of the time until the extension is active.
 */
export const extensionBundle = {
  ...nodeBundle,
  plugins: [
    {
      name: 'one vscode',
      setup: ({ onLoad }) =>
        onLoad({ filter: /[\\/]src[\\/]extension[\\/].*\.ts$/ }, async ({ path }) => ({
          loader: 'ts',
          contents: (await readFile(path, 'utf8')).replace("import * as vscode from 'vscode';", "const vscode = require('vscode');"),
        })),
    },
    {
      name: 'language service by itself',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/json-language-service\.ts$/ }, ({ kind }) =>
          kind === 'dynamic-import' ? { path: './json-language-service.cjs', external: true } : undefined,
        ),
    },
  ],
};
