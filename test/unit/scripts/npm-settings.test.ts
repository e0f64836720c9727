/** What `npm ci` reads of this project's .npmrc, in the npm of this machine and without the settings of its user. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function npmConfig(name: string): { readonly value: string; readonly warnings: string } {
  const settings = Object.entries(process.env).filter(([key]) => !key.toLowerCase().startsWith('npm_'));
  const { stdout, stderr } = spawnSync(`npm config get ${name}`, {
    shell: true,
    encoding: 'utf8',
    env: { ...Object.fromEntries(settings), npm_config_userconfig: path.join(temporaryFolder(), 'npmrc') },
  });
  return { value: stdout.trim(), warnings: stderr };
}

it('npm runs no install script of a package, and knows every setting', () => {
  const { value, warnings } = npmConfig('ignore-scripts');
  expect(value).toBe('true');
  expect(warnings).not.toMatch(/unknown/i);
});

it('the packaged extension has the script of every page', () => {
  const pages = readFileSync('scripts/build.mjs', 'utf8').matchAll(/'webview\/([\w-]+)\.ts'/g);
  const packaged = readFileSync('.vscodeignore', 'utf8').split('\n');
  const scripts = Array.from(pages, ([, name]) => `!dist/webview/${name}.js`);
  expect(scripts.length).toBeGreaterThan(2);
  expect(packaged).toEqual(expect.arrayContaining(scripts));
});

/** An old npm accepts unknown settings without a warning. */
it('.npmrc has settings of npm alone', () => {
  const lines = readFileSync('.npmrc', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual(['ignore-scripts=true', 'save-exact=true']);
});
