/** Commands, options, settings and npm scripts in the documents are there, and those that are there are in the documents. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contributes, scripts } from '../../../package.json';
import english from '../../../package.nls.json';
import chinese from '../../../package.nls.zh-cn.json';
import { commandTable } from '../../../src/cli/command-table.ts';
import { codeOf, documentPages, readPage } from '../../support/documents.ts';

const sources = 'src/cli/commands';
/** Functions that add options of several commands, and where they stand. */
const shared = { 'inputShapeOption(': 'src/cli/input-shape-option.ts', 'addExecutionOptions(': 'src/cli/run/slurm-options.ts' };

/** Declarations in a source: `-o, --output <file>` as `['-o', '--output']`. Loading all commands takes too long for what is asked here. */
function declaredIn(source: string): readonly (readonly string[])[] {
  const declarations = source.matchAll(/(?:\.(?:requiredOption|option)\(|new Option\()\s*'([^']+)'/g);
  return [...declarations].map(([, flags = '']) => flags.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []);
}

/** Of each command its options. */
const options = new Map(
  readdirSync(sources).flatMap((file) => {
    const source = readFileSync(`${sources}/${file}`, 'utf8');
    const parts = source.split(/\.command\('([a-z-]+)'\)/).slice(1);
    const names = parts.filter((_, index) => index % 2 === 0);
    const common = Object.entries(shared).flatMap(([call, from]) => (source.includes(call) ? declaredIn(readFileSync(from, 'utf8')) : []));
    return names.map((name, index) => [name, [...declaredIn(parts[2 * index + 1] ?? ''), ...common]] as const);
  }),
);

/** `espalier run x --seed 1` as `['run', ' x --seed 1']`. */
function callsIn(text: string): readonly (readonly [command: string, rest: string])[] {
  return codeOf(text)
    .flatMap((code) => [...code.matchAll(/(?<![\w-])espalier ([a-z][a-z-]*)([^\n;|&#]*)/g)])
    .map(([, command = '', rest = '']) => [command, rest] as const);
}

const everywhere = ['--help', '--verbose'];

function unknownIn(text: string): readonly string[] {
  return callsIn(text).flatMap(([command, rest]) => {
    const known = options.get(command)?.flat();
    if (known === undefined) return [command];
    const named = rest.match(/(?<=^|[\s[(|])--?[a-z][a-z-]*/g) ?? [];
    return named.filter((option) => !known.includes(option) && !everywhere.includes(option)).map((option) => `${command} ${option}`);
  });
}

describe('the command line in the documents', () => {
  it('is compared with every command, and all of its options', () => {
    expect([...options.keys()].toSorted()).toEqual(commandTable.map(({ name }) => name).toSorted());
    expect(options.get('run')?.map((forms) => forms.join(' '))).toEqual([
      '--resume',
      '--node',
      '--threads',
      '--processes',
      '--seed',
      '--no-cache',
      '--json',
      '--executor',
      '--partition',
      '--account',
      '--gres',
      '--time',
      '--memory',
      '--stage-data',
    ]);
    expect(options.get('inspect')).toEqual([['--tensors'], ['--json'], ['--input-shape']]);
    expect(options.get('clean')).toEqual([['--all'], ['--cache'], ['--folder']]);
    expect(options.get('init')).toEqual([['--data'], ['-o', '--output']]);
  });

  it.each(documentPages)('%s names commands and options that there are', (page) => {
    expect(unknownIn(readPage(page))).toEqual([]);
  });

  it('would find others', () => {
    expect(unknownIn('`espalier inspct a`, `espalier inspect a [--tensor]`\n\n    espalier run a --seed 1 --sed 2\n')).toEqual([
      'run --sed',
      'inspct',
      'inspect --tensor',
    ]);
  });

  it('is whole: docs/cli.md names every command, and the documents every option', () => {
    const overview = readPage('docs/cli.md');
    const code = documentPages.filter((page) => page.startsWith('docs/')).flatMap((page) => codeOf(readPage(page)));
    expect(
      commandTable.map(({ name }) => name).filter((name) => !overview.includes(`\`espalier ${name}`) && !overview.includes(`\`${name}\``)),
    ).toEqual([]);
    const missing = [...options].flatMap(([command, forms]) =>
      forms
        .filter((each) => !each.some((form) => code.some((piece) => new RegExp(`${form}(?![\\w-])`).test(piece))))
        .map((each) => `${command} ${each.join(', ')}`),
    );
    expect(missing).toEqual([]);
  });
});

it.each(documentPages)('%s: npm scripts and benches that it names are there', (page) => {
  const text = readPage(page);
  const named = [...text.matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name = '']) => name);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  const benches = [...text.matchAll(/npm run bench -- ([a-z][\w-]*)/g)].map(([, name = '']) => name);
  expect(benches.filter((name) => !existsSync(`bench/${name}.ts`))).toEqual([]);
});

it.each(documentPages)('%s: files of the project that it names as code are there', (page) => {
  const named = codeOf(readPage(page)).flatMap(
    (code) => code.match(/(?<![\w/.])(?:src|test|scripts|docs|schemas|bench|examples|l10n|webview)\/[\w./-]*\w/g) ?? [],
  );
  // FOLDER and its like stand for a name.
  expect(named.filter((file) => !/[A-Z]{4}/.test(file.replace('README', '')) && !existsSync(file))).toEqual([]);
});

describe('the editor in the documents', () => {
  it.each(documentPages)('%s names commands by their titles', (page) => {
    const texts = page.includes('zh-cn') ? chinese : english;
    const titles = Object.entries(texts).flatMap(([key, title]) => (key.startsWith('command.') ? [title] : []));
    const named = [...readPage(page).matchAll(/\*\*Espalier: ([^*]+)\*\*|_Espalier: ([^_]+)_/g)].map(
      ([, bold, italic]) => bold ?? italic ?? '',
    );
    expect(named.filter((title) => !titles.includes(title))).toEqual([]);
  });

  it('docs/panel.md has every setting with its default', () => {
    const rows = readPage('docs/panel.md').split('\n');
    const missing = Object.entries(contributes.configuration.properties).filter(([name, { default: value }]) => {
      const row = rows.find((line) => line.startsWith('| `espalier.') && line.includes(`\`${name}\``));
      const shown = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
      return row === undefined || (typeof value !== 'object' && !row.includes(` ${shown} |`) && !row.includes(`\`${shown}\``));
    });
    expect(missing.map(([name]) => name)).toEqual([]);
  });
});
