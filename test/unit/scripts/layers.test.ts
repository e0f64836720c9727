import { ESLint } from 'eslint';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** The project's own configuration, as `npm run lint` uses it. */
const eslint = new ESLint();

async function readTable(): Promise<Record<string, readonly string[]>> {
  const config = (await eslint.calculateConfigForFile('src/core/errors.ts')) as {
    rules: { 'espalier/layers': [unknown, Record<string, string[]>] };
  };
  return config.rules['espalier/layers'][1];
}

const table = await readTable();
const rows = Object.keys(table);

async function foldersIn(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => `${parent}/${entry.name}`);
}

/** The messages of the layer rule for one import statement a line, written in a file of `folder`; the empty text where there is none. */
async function messages(folder: string, statements: readonly string[]): Promise<string[]> {
  const results = await eslint.lintText(statements.join('\n'), { filePath: path.resolve(folder, 'sub', 'example.ts') });
  const found = results.flatMap((result) => result.messages).filter((message) => message.ruleId === 'espalier/layers');
  return statements.map((_, index) => found.find((message) => message.line === index + 1)?.message ?? '');
}

const importOf = (from: string, to: string) => `import '${path.posix.relative(`${from}/sub`, `${to}/other.ts`)}';`;

describe('the table of layers', () => {
  it('has a row for every folder of src and of src/core, and for no other', async () => {
    const folders = [...(await foldersIn('src')), ...(await foldersIn('src/core')), 'webview'];
    expect(rows.toSorted()).toEqual(folders.toSorted());
  });

  it('names only folders that have a row', () => {
    expect(Object.values(table).flatMap((uses) => uses.filter((folder) => !rows.includes(folder)))).toEqual([]);
  });

  it('has an order in which each folder uses only those before it', () => {
    const placed = new Set<string>();
    for (;;) {
      const next = rows.find((row) => !placed.has(row) && table[row]!.every((folder) => placed.has(folder)));
      if (next === undefined) break;
      placed.add(next);
    }
    expect(rows.filter((row) => !placed.has(row))).toEqual([]);
  });
});

describe('the files of the sources', () => {
  it('do not import each other in a circle, not even for a type', async () => {
    const imports = await readImports(['src', 'webview']);
    // What imports nothing that is left, or is imported by nothing that is left, is in no circle.
    for (;;) {
      const imported = new Set([...imports.values()].flat());
      const outside = [...imports].filter(([file, targets]) => !imported.has(file) || targets.every((target) => !imports.has(target)));
      if (outside.length === 0) break;
      for (const [file] of outside) imports.delete(file);
    }
    expect([...imports.keys()]).toEqual([]);
  });
});

/** Each TypeScript file of the folders and the files that it imports, for values or types. */
async function readImports(folders: readonly string[]): Promise<Map<string, readonly string[]>> {
  const imports = new Map<string, readonly string[]>();
  for (const folder of folders) {
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const file = path.posix.join(folder, name.split(path.sep).join('/'));
      const { importedFiles } = ts.preProcessFile(await readFile(file, 'utf8'));
      imports.set(
        file,
        importedFiles.map(({ fileName }) => path.posix.join(path.posix.dirname(file), fileName)),
      );
    }
  }
  return imports;
}

describe('the layer rule', () => {
  it.each(rows)('allows %s what its row names, and nothing else', async (row) => {
    const found = await messages(
      row,
      rows.map((to) => importOf(row, to)),
    );
    const allowed = rows.filter((_, index) => found[index] === '');
    expect(allowed.toSorted()).toEqual([row, ...table[row]!].toSorted());
  });

  it('refuses every kind of import', async () => {
    const target = '../../tree/session.ts';
    const statements = [
      `import { startSession } from '${target}';`,
      `import type { Session } from '${target}';`,
      `export { resumeSession } from '${target}';`,
      `export * from '${target}';`,
      `export const later = import('${target}');`,
      `export type Environment = import('${target}').Environment;`,
    ];
    for (const message of await messages('src/core/import', statements))
      expect(message).toContain('src/core/import must not import from src/core/tree');
  });

  it('tells a subfolder from a folder of core that has the same name', async () => {
    expect(existsSync('src/core/import/tflite')).toBe(true);
    expect(await messages('src/core/import', ["import '../tflite/a.ts';"])).toEqual(['']);
    expect((await messages('src/core/data', ["import '../../tflite/a.ts';"]))[0]).toContain('src/core/tflite');
  });

  it('refuses vscode outside the extension, and files outside the sources', async () => {
    expect(await messages('src/extension', ["import 'vscode';"])).toEqual(['']);
    for (const row of rows.filter((row) => row !== 'src/extension')) {
      expect((await messages(row, ["import 'vscode';"]))[0]).toContain('only src/extension may');
    }
    expect((await messages('src/core/data', ["import '../../../../test/support/a.ts';"]))[0]).toContain(
      'must not import from test/support/a.ts',
    );
  });

  it('asks for a row where a folder has none', async () => {
    expect((await messages('src/new-folder', ["import '../shared/errors.ts';"]))[0]).toContain('add a row for its folder');
  });
});
