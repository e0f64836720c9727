/**
 * Packages the extension for one platform, with just the native and WebAssembly files that it needs there.
 *   node scripts/package.mjs [--target linux-x64] [--out FILE]     see `targets` below; without one: this machine's
 */
import { createVSIX } from '@vscode/vsce';
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, run } from './setup.mjs';

export const targets = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

/** What is taken of each package; the rest of it is sources, maps, types and other platforms. */
const packages = (platform, arch) => {
  const native = `bin/napi-v6/${platform}/${arch}`;
  const hasNative = existsSync(path.join(root, 'node_modules', 'onnxruntime-node', native));
  return {
    'onnxruntime-common': ['dist/cjs'],
    ...(hasNative
      ? { 'onnxruntime-node': ['dist', native] }
      : {
          'onnxruntime-web': [
            'dist/ort.node.min.js',
            'dist/ort.node.min.mjs',
            'dist/ort-wasm-simd-threaded.mjs',
            'dist/ort-wasm-simd-threaded.wasm',
          ],
        }),
    '@litertjs/core': ['dist/index.js', 'wasm/litert_wasm_compat_internal.js', 'wasm/litert_wasm_compat_internal.wasm'],
    '@cornerstonejs/codec-libjpeg-turbo-8bit': ['dist/libjpegturbowasm_decode.js', 'dist/libjpegturbowasm_decode.wasm'],
    h5wasm: ['dist/esm'],
  };
};

/** @returns {Promise<string>} the path of the .vsix */
export async function packageExtension({ target = `${process.platform}-${process.arch}`, out } = {}) {
  if (!targets.includes(target)) throw new Error(`unknown target ${target}; have: ${targets.join(', ')}`);
  const [platform, arch] = target.split('-');
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const packagePath = path.resolve(out ?? path.join(root, `espalier-${target}-${manifest.version}.vsix`));
  const staging = await mkdtemp(path.join(os.tmpdir(), 'espalier-package-'));
  try {
    run('node', [
      'scripts/build.mjs',
      '--minify',
      `--into=${path.join(staging, 'dist')}`,
      'extension',
      'worker',
      'evaluation-thread',
      'reading-thread',
      'hdf5-reader',
      'webview',
      'mcp',
    ]);
    for (const name of [
      '.vscodeignore',
      'LICENSE',
      'CHANGELOG.md',
      'README.md',
      'README.zh-cn.md',
      'package.nls.json',
      'package.nls.zh-cn.json',
      'l10n',
      'media',
      'schemas',
      'skills',
    ]) {
      await cp(path.join(root, name), path.join(staging, name), { recursive: true });
    }
    await writeFile(path.join(staging, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
    for (const [name, parts] of Object.entries(packages(platform, arch)))
      await copyPackage(name, parts, path.join(staging, 'dist', 'node_modules', name));
    await mkdir(path.dirname(packagePath), { recursive: true });
    await createVSIX({ cwd: staging, target, packagePath, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
    return packagePath;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Nothing in the package is installed by npm, and nothing of it is for developing. */
function publishedManifest(manifest) {
  const left = new Set(['devDependencies', 'dependencies', 'optionalDependencies', 'scripts', 'bin', 'private']);
  const published = Object.fromEntries(Object.entries(manifest).filter(([key]) => !left.has(key)));
  return { ...published, engines: { vscode: manifest.engines.vscode } };
}

async function copyPackage(name, parts, destination) {
  const source = path.join(root, 'node_modules', name);
  for (const part of ['package.json', ...parts]) {
    await mkdir(path.dirname(path.join(destination, part)), { recursive: true });
    await cp(path.join(source, part), path.join(destination, part), {
      recursive: true,
      filter: (file) => !/\.(map|d\.ts|d\.mts)$/.test(file),
    });
  }
  for (const licence of ['LICENSE', 'LICENSE.txt', 'LICENSE.md']) {
    if (existsSync(path.join(source, licence))) await cp(path.join(source, licence), path.join(destination, licence));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
  const file = await packageExtension({ target: option('--target'), out: option('--out') });
  console.log(`${path.relative(process.cwd(), file)}: ${((await stat(file)).size / 1e6).toFixed(1)} MB`);
}
