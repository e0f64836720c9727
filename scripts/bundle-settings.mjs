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
