// Puts in place what a fresh machine lacks: the npm packages of the lock file and, for the tests, a browser.
import { spawnSync } from 'node:child_process';
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

/** `npm ci`, unless node_modules already holds what package-lock.json asks for. */
export function installPackages() {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Installing npm packages…');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Debian's Chromium and fonts (Chinese ones for the screenshots), where they can be installed; else says what is missing. */
export function installBrowser() {
  const chromium = process.env.ESPALIER_CHROMIUM ?? '/usr/bin/chromium';
  const packages = [...(existsSync(chromium) ? [] : ['chromium']), ...missingFonts()];
  if (packages.length === 0) return;
  const debian = existsSync('/etc/debian_version') && readFileSync('/etc/os-release', 'utf8').match(/debian|ubuntu/i);
  if (!debian || process.getuid?.() !== 0) {
    if (existsSync(chromium)) return;
    console.error(
      `The tests need Chromium: install it and set ESPALIER_CHROMIUM to its path (on Debian: apt-get install ${packages.join(' ')})`,
    );
    process.exit(1);
  }
  console.log(`Installing ${packages.join(', ')}…`);
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] };
  run('apt-get', ['update', '-qq'], environment);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], environment);
}

function missingFonts() {
  return [
    ['/usr/share/fonts/truetype/dejavu', 'fonts-dejavu-core'],
    ['/usr/share/fonts/opentype/noto', 'fonts-noto-cjk'],
  ].flatMap(([folder, name]) => (existsSync(folder) ? [] : [name]));
}
