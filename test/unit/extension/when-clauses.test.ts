/** The conditions in package.json under which the editor offers commands. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface MenuEntry {
  readonly command?: string;
  readonly submenu?: string;
  readonly when?: string;
}

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly menus: Readonly<Record<string, readonly MenuEntry[]>>;
    readonly submenus: readonly { readonly id: string }[];
    readonly viewsWelcome: readonly { readonly view: string; readonly when: string; readonly contents: string }[];
  };
}

const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { commands, menus, submenus, viewsWelcome } = manifest.contributes;
const entries = Object.values(menus).flat();
const inPalette = (command: string): string => menus['commandPalette']?.find((entry) => entry.command === command)?.when ?? '';

describe('commands', () => {
  it('are asked only for context keys that the extension sets', () => {
    const keys = readFileSync('src/extension/context-keys.ts', 'utf8');
    const asked = [...entries, ...viewsWelcome].flatMap(({ when = '' }) => [
      ...when.matchAll(/espalier\.([a-zA-Z]+)(?= *(==|!=|&&|\|\||$))/g),
    ]);
    const names = new Set(asked.map((match) => match[1] ?? ''));
    expect(names.size).toBeGreaterThan(4);
    for (const name of names) expect(keys, name).toContain(`readonly ${name}:`);
  });

  it('of menus are commands that there are', () => {
    const known = new Set(commands.map(({ command }) => command));
    expect(entries.flatMap(({ command }) => (command === undefined || known.has(command) ? [] : [command]))).toEqual([]);
    expect(entries.flatMap(({ submenu }) => submenu ?? [])).toEqual(submenus.map(({ id }) => id));
  });

  it('are one entry of the Explorer', () => {
    expect(menus['explorer/context']?.map(({ submenu }) => submenu)).toEqual(['espalier.explorer']);
    expect(menus['espalier.explorer']?.length).toBeGreaterThan(4);
  });

  it.each([
    ['espalier.cancel', /^espalier\.running$/],
    ['espalier.resume', /espalier\.interrupted != none/],
    ['espalier.openResults', /espalier\.runs != none/],
    ['espalier.exportReport', /espalier\.runs != none/],
    ['espalier.compareRuns', /espalier\.runs != one/],
    ['espalier.runRecipe', /isWorkspaceTrusted && espalier\.recipes != none/],
    ['espalier.runToNode', /isWorkspaceTrusted && espalier\.recipes != none/],
    ['espalier.optimizeModel', /espalier\.models != none && isWorkspaceTrusted/],
    ['espalier.exportFor', /espalier\.models != none && isWorkspaceTrusted/],
    ['espalier.inspectModel', /espalier\.models != none$/],
  ])('that cannot work are not in the palette: %s', (command, condition) => {
    expect(inPalette(command)).toMatch(condition);
  });
});

describe('the welcome of the models', () => {
  it('says that there is none only when the scan has found none', () => {
    const texts = viewsWelcome.filter(({ view, contents }) => view === 'espalier.models' && !contents.includes('noFolder'));
    expect(texts).toHaveLength(2);
    for (const { when } of texts) expect(when).toContain('espalier.models == none');
  });
});
