/**
 * The real VS Code for the tests, from npm alone: the server and the workbench of the package `code-server`, and the
 * Node that this server needs. Kept in `.cache/` by version, never a dependency of the project.
 *
 *   node scripts/vscode-server.mjs        installs it and prints where it is
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SERVER_VERSION = '4.139.1';
const NODE_VERSION = '24.21.0';

const run = promisify(execFile);
const cacheFolder = fileURLToPath(new URL('../.cache/', import.meta.url));

/** @returns {Promise<{ node: string, main: string }>} the executable and the server's script */
export async function installVSCodeServer() {
  const folder = path.join(cacheFolder, `vscode-server-${SERVER_VERSION}-${process.arch}`);
  const installation = {
    node: path.join(folder, 'node_modules', nodePackage(), 'bin', 'node'),
    main: path.join(folder, 'package', 'lib', 'vscode', 'out', 'server-main.js'),
  };
  if (!(await exists(installation.main))) await installInto(folder);
  for (const file of Object.values(installation)) await access(file);
  return installation;
}

async function installInto(folder) {
  await mkdir(cacheFolder, { recursive: true });
  // Moved into place when complete, so that an interrupted installation is never taken for a whole one.
  const staging = await mkdtemp(path.join(cacheFolder, 'installing-'));
  try {
    await writeFile(path.join(staging, 'package.json'), '{ "private": true }\n');
    await npm(staging, 'install', '--no-save', '--ignore-scripts', `${nodePackage()}@${NODE_VERSION}`);
    await npm(staging, 'pack', `code-server@${SERVER_VERSION}`, '--silent');
    const archive = (await readdir(staging)).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack left no archive of code-server@${SERVER_VERSION}`);
    await run('tar', ['xzf', archive], { cwd: staging });
    await rm(path.join(staging, archive));
    // `npm ci` refuses the package's shrinkwrap.
    await npm(path.join(staging, 'package', 'lib', 'vscode'), 'install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund');
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw new Error(
      `cannot install the VS Code server ${SERVER_VERSION}; the host and journey tests need it: ${error.stderr || error.message}`,
      { cause: error },
    );
  }
}

function nodePackage() {
  if (process.platform !== 'linux') {
    throw new Error(
      `the VS Code server is set up for Linux only, not ${process.platform}; set ESPALIER_VSCODE to the executable of a desktop VS Code`,
    );
  }
  return `node-linux-${process.arch}`;
}

function npm(cwd, ...parameters) {
  return run('npm', parameters, { cwd, maxBuffer: 64 * 1024 * 1024 });
}

async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** The version that the server calls itself, to be named in the tests' output. */
export async function vscodeVersion({ main }) {
  const product = JSON.parse(await readFile(path.join(path.dirname(main), '..', 'package.json'), 'utf8'));
  return product.version;
}

if (process.argv[1]?.endsWith('vscode-server.mjs')) {
  const installation = await installVSCodeServer();
  process.stdout.write(`VS Code ${await vscodeVersion(installation)} on ${os.type()}: ${installation.main}\n`);
}
