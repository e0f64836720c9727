// Bundles everything that runs into dist/. `node scripts/build.mjs [--minify] [--into=FOLDER] [target…]` builds all targets or the named ones.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { extensionBundle, nodeBundle as node } from './bundle-settings.mjs';

const targets = {
  extension: {
    ...extensionBundle,
    entryPoints: { extension: 'src/extension/main.ts', 'json-language-service': 'src/extension/editor/json-language-service.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
  },
  worker: { ...node, entryPoints: ['src/worker/main.ts'], outfile: 'dist/worker.cjs' },
  'evaluation-thread': { ...node, entryPoints: ['src/core/measure/evaluation-thread.ts'], outfile: 'dist/evaluation-thread.cjs' },
  'reading-thread': { ...node, entryPoints: ['src/core/data/reading/reading-thread.ts'], outfile: 'dist/reading-thread.cjs' },
  // The entry of a thread, found beside the bundle that starts it.
  'hdf5-reader': {
    ...node,
    format: 'esm',
    banner: {},
    define: {},
    entryPoints: ['src/core/import/hdf5/hdf5-reader.mjs'],
    outfile: 'dist/hdf5-reader.mjs',
  },
  // In pieces, of which a command loads its own; CommonJS packages within them need a `require`.
  cli: {
    ...node,
    format: 'esm',
    splitting: true,
    define: {},
    banner: { js: "import { createRequire as createRequireOf } from 'node:module';\nconst require = createRequireOf(import.meta.url);" },
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'cli-[hash]',
  },
  // The same as one small file without the commands, for what needs none: loading modules takes longer than running them.
  'cli-overview': {
    ...node,
    minify: true,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/cli-overview.cjs',
    plugins: [
      {
        name: 'no commands',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/commands\// }, ({ kind }) =>
            kind === 'dynamic-import' ? { path: './cli.mjs', external: true } : undefined,
          ),
      },
    ],
  },
  mcp: { ...node, entryPoints: ['src/cli/mcp-main.ts'], outfile: 'dist/mcp.cjs' },
  webview: {
    entryPoints: ['webview/main.ts', 'webview/graph.ts', 'webview/board.ts', 'webview/sensitivity.ts'],
    outdir: 'dist/webview',
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
  },
  fuzz: { ...node, entryPoints: ['scripts/fuzz.ts'], outfile: 'dist/fuzz.cjs' },
  results: { ...node, entryPoints: ['scripts/results.ts'], outfile: 'dist/results.cjs' },
  'onnx-operators': { ...node, entryPoints: ['scripts/onnx-operators.ts'], outfile: 'dist/onnx-operators.cjs' },
  // Shares a module that waits at its top level.
  pictures: {
    ...node,
    format: 'esm',
    banner: {},
    define: {},
    external: [...node.external, 'playwright-core', 'pngjs'],
    entryPoints: ['scripts/pictures/take-pictures.ts'],
    outfile: 'dist/pictures.mjs',
  },
  bench: { ...node, external: [...node.external, 'playwright-core'], entryPoints: ['bench/run.ts'], outfile: 'dist/bench.cjs' },
};

const args = process.argv.slice(2);
const minify = args.includes('--minify');
const folder = args.find((argument) => argument.startsWith('--into='))?.slice('--into='.length) ?? 'dist';
const named = args.filter((argument) => !argument.startsWith('--'));
const unknown = named.filter((name) => !(name in targets));
if (unknown.length > 0) {
  console.error(`unknown target ${unknown.join(', ')}; have: ${Object.keys(targets).join(', ')}`);
  process.exit(2);
}
const chosen =
  named.length > 0
    ? [...named, ...(named.includes('cli') && !named.includes('cli-overview') ? ['cli-overview'] : [])]
    : Object.keys(targets).filter((name) => !['bench', 'fuzz', 'onnx-operators', 'pictures', 'results'].includes(name));
if (chosen.includes('cli')) await writeLauncher();
await Promise.all(
  chosen.map((name) => {
    const { outfile, outdir, ...target } = targets[name];
    const into = (output) => path.join(folder, path.relative('dist', output));
    const output = outfile === undefined ? { outdir: into(outdir) } : { outfile: into(outfile) };
    return build({ bundle: true, sourcemap: !minify, minify, logLevel: 'warning', ...target, ...output });
  }),
);

/** What people start: a file whose name does not change, before which pieces of an earlier build are removed. */
async function writeLauncher() {
  await mkdir(folder, { recursive: true });
  const pieces = (await readdir(folder)).filter((name) => /^cli(-[A-Z0-9]{8})?\.mjs(\.map)?$/.test(name));
  await Promise.all(pieces.map((name) => rm(path.join(folder, name))));
  await writeFile(
    path.join(folder, 'cli.cjs'),
    `#!/usr/bin/env node
// Node keeps compiled code from version 22.1 on.
require('node:module').enableCompileCache?.();
const overview = ['--help', '-h', '--version', '-V'];
if (process.argv.slice(2).every((argument) => overview.includes(argument))) require('./cli-overview.cjs');
else void import('./cli.mjs');
`,
    { mode: 0o755 },
  );
}
