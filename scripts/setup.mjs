// Puts in place what a fresh machine lacks: the npm packages of the lock file and, for the tests, a browser and compilers.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Runs a command in the project's folder with its output shown. On Windows npm and npx are scripts of the shell. */
export function start(command, args, options = {}) {
  const settings = { cwd: root, stdio: 'inherit', ...options };
  const needsShell = process.platform === 'win32' && ['npm', 'npx'].includes(command);
  return needsShell ? spawnSync([command, ...args].join(' '), { ...settings, shell: true }) : spawnSync(command, args, settings);
}

/** As `start`; ends this process if the command fails. */
export function run(command, args, options = {}) {
  const result = start(command, args, options);
  if (result.error) throw result.error;
  if (result.status !== 0) {
    console.error(`${[command, ...args].join(' ')} failed with ${result.status ?? result.signal}`);
    process.exit(result.status ?? 1);
  }
}

/** Bundles the named targets of scripts/build.mjs; `npm test` has bundled them all before its layers start. */
export function buildTargets(...targets) {
  if (process.env.ESPALIER_IS_BUILT !== '1') run('node', ['scripts/build.mjs', ...targets]);
}

/** Runs a command in the project's folder to its end. Returns the exit code and the output, which `show` sees as it comes. */
export async function runCollecting(command, args, { show = () => undefined, ...options } = {}) {
  const settings = { cwd: root, ...options };
  const isWindows = process.platform === 'win32';
  const child = isWindows ? spawn([command, ...args].join(' '), { ...settings, shell: true }) : spawn(command, args, settings);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      show(text);
    });
  const [code, signal] = await once(child, 'close');
  return { status: code ?? signal, output };
}

/** Runs commands side by side and shows the output of each when it has ended; ends this process if one of them fails. */
export async function runTogether(commands) {
  await Promise.all(
    commands.map(async ([command, ...args]) => {
      const { status, output } = await runCollecting(command, args);
      process.stdout.write(output);
      if (status === 0) return;
      console.error(`${[command, ...args].join(' ')} failed with ${status}`);
      process.exit(typeof status === 'number' ? status : 1);
    }),
  );
}

/** `npm ci`, unless node_modules already holds what package-lock.json asks for. */
export function installPackages() {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Installing npm packages…');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Whether packages can be installed here: on Debian, by root. */
function canInstall() {
  const isDebian = existsSync('/etc/debian_version') && /debian|ubuntu/i.test(readFileSync('/etc/os-release', 'utf8'));
  return isDebian && process.getuid?.() === 0;
}

/** Returns whether all went well. */
function aptInstall(packages) {
  console.log(`Installing ${packages.join(', ')}…`);
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] };
  return [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ].every((args) => start('apt-get', args, environment).status === 0);
}

/** What compiles and runs the C that `espalier deploy` writes: the command, its packages, and what is not tested without. */
const compilers = [
  { command: 'gcc', packages: ['gcc', 'libc6-dev'], leftOut: 'deployed C on this machine' },
  { command: 'g++', packages: ['g++'], leftOut: 'deployed C++ on this machine' },
  { command: 'make', packages: ['make'], leftOut: 'deployed Makefiles' },
  { command: 'arm-none-eabi-gcc', packages: ['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi'], leftOut: 'deployed C compiled for Cortex-M' },
  { command: 'qemu-system-arm', packages: ['qemu-system-arm'], leftOut: 'deployed C run on Cortex-M' },
];

/** Installs the compilers that are missing where it can. Returns what cannot be tested, each with the command that is missing. */
export function installCompilers() {
  const missing = () => compilers.filter(({ command }) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status !== 0);
  const packages = missing().flatMap((compiler) => compiler.packages);
  if (packages.length > 0 && canInstall()) aptInstall(packages);
  return missing().map(({ command, leftOut }) => `${leftOut} (no ${command})`);
}

/** Debian's Chromium and fonts (Chinese ones for the screenshots), where they can be installed; else says what is missing. */
export function installBrowser() {
  const chromium = process.env.ESPALIER_CHROMIUM ?? '/usr/bin/chromium';
  const packages = [...(existsSync(chromium) ? [] : ['chromium']), ...missingFonts()];
  if (packages.length === 0) return;
  if (!canInstall()) {
    if (existsSync(chromium)) return;
    console.error(
      `The tests need Chromium: install it and set ESPALIER_CHROMIUM to its path (on Debian: apt-get install ${packages.join(' ')})`,
    );
    process.exit(1);
  }
  if (!aptInstall(packages)) process.exit(1);
}

/** Debian's Slurm, for a cluster of the tests' own. Returns why there can be none; undefined where there can. */
export function installSlurm() {
  if (process.platform !== 'linux') return 'it needs Linux';
  // The daemons start jobs as their users.
  if (process.getuid() !== 0) return 'its daemons need root';
  const isThere = ['slurmctld', 'slurmd', 'munged'].every((program) => existsSync(path.join('/usr/sbin', program)));
  if (isThere || (canInstall() && aptInstall(['slurm-wlm', 'munge']))) return undefined;
  return 'it is not installed, on Debian: apt-get install slurm-wlm munge';
}

function missingFonts() {
  return [
    ['/usr/share/fonts/truetype/dejavu', 'fonts-dejavu-core'],
    ['/usr/share/fonts/opentype/noto', 'fonts-noto-cjk'],
  ].flatMap(([folder, name]) => (existsSync(folder) ? [] : [name]));
}
