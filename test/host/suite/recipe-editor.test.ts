import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, exampleRecipe, services, workspaceFile, writeModel, writeRecipe } from './support.ts';

async function diagnosticsOf(uri: vscode.Uri, count: number): Promise<readonly vscode.Diagnostic[]> {
  return eventually(() => {
    const found = vscode.languages.getDiagnostics(uri).filter((diagnostic) => diagnostic.source === 'espalier');
    return found.length >= count ? found : undefined;
  }, `${count} diagnostics`);
}

describe('a recipe in the editor', () => {
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('has lenses that run it and tell the last result', async () => {
    const { runs } = await services();
    const document = await vscode.workspace.openTextDocument(exampleRecipe());
    await vscode.window.showTextDocument(document);
    const run = runs.start(exampleRecipe());
    await eventually(() => run.activity === 'ended' || undefined, 'the end of the run');
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
    const at = (text: string): readonly string[] =>
      lenses.filter((lens) => document.lineAt(lens.range.start.line).text.includes(text)).map((lens) => lens.command?.title ?? '');
    assert.match(at('"model"').join('\n'), /Run[\s\S]*: 9\d\.\d\d%, \d+\.\d kB, [+−]\d\.\d\d points/);
    assert.match(at('"pruning"').join('\n'), /Run to Here[\s\S]*Pruned model: 9\d\.\d\d%/);
    assert.equal(at('"targets"').length, 0);
  });

  it('marks mistakes where they are, and mends one', async () => {
    await writeModel('digits');
    const uri = workspaceFile('models', 'mistakes.espalier.json');
    await vscode.workspace.fs.writeFile(
      uri,
      new TextEncoder().encode(
        '{\n  "model": "digits/model.json",\n  "data": { "format": "generated", "set": "digits", "trainSize": 60, "testSize": 40 },\n  "techniques": { "prunning": { "sparsity": 0.5 } }\n}\n',
      ),
    );
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    const [diagnostic] = await diagnosticsOf(uri, 1);
    assert.ok(diagnostic);
    assert.equal(document.getText(diagnostic.range), '"prunning"');
    const fix = await eventually(async () => {
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', uri, diagnostic.range);
      return actions.find((action) => action.edit !== undefined && action.title.includes('pruning'));
    }, 'a quick fix');
    assert.ok(fix.edit);
    await vscode.workspace.applyEdit(fix.edit);
    assert.match(document.getText(), /"pruning"/);
    await eventually(
      () => vscode.languages.getDiagnostics(uri).every((found) => found.source !== 'espalier') || undefined,
      'no diagnostics',
    );
    await document.save();
    await vscode.workspace.fs.delete(uri);
  });

  it('has each mistake marked once', async () => {
    let texts = 0;
    const marks = async (text: string): Promise<readonly string[]> => {
      // A file that was just closed may still have the marks of the text before.
      const uri = workspaceFile('models', `once-${(texts += 1)}.espalier.json`);
      await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document);
      await eventually(() => vscode.languages.getDiagnostics(uri).length > 0 || undefined, 'a mark');
      // The editor's JSON support marks later than we do, or earlier.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const found = vscode.languages.getDiagnostics(uri).map(({ range }) => document.getText(range));
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await vscode.workspace.fs.delete(uri);
      return found;
    };
    const data = '"data": { "format": "generated", "set": "digits" }';
    assert.deepEqual(await marks(`{ "model": "mnist.h5", ${data}, "techniques": { "prunning": {} } }`), ['"prunning"', '"mnist.h5"']);
    assert.deepEqual(await marks(`{ "model": "nothing.h5", ${data}, "techniques": { "pruning": { "sparsity": 2 } } }`), [
      '2',
      '"nothing.h5"',
    ]);
    assert.equal((await marks(`{ "model": "nothing.h5" ${data} }`)).length, 2, 'the comma that is missing, and the model');
  });

  it('has ten kinds of mistakes told at once, each at its place', async () => {
    await writeModel('digits');
    await writeModel('five', 5);
    const digits = { format: 'generated', set: 'digits', trainSize: 60, testSize: 40 };
    const uri = await writeRecipe('ten.espalier.json', {
      models: [
        { path: 'digits/model.json', nmae: 'a' },
        { path: 'digits/modle.json' },
        { path: 'mnist.h5' },
        { path: 'five/model.json' },
        { path: 'digits/model.json', data: { format: 'images', folder: 'nowhere' } },
        { path: 'digits/model.json', data: { folder: 'mnist' } },
      ],
      data: digits,
      targets: {},
      strategy: 'until-targets',
      techniques: { pruning: { sparsity: 1.5 }, clustering: { clusters: 'many' } },
      layers: [{ pattern: 'conv3d', sparsity: 0.1 }],
      nodes: ['pruned/pqta'],
    });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    const found = await diagnosticsOf(uri, 11);
    const told = found.map((diagnostic) => {
      const [first] = document.getText(diagnostic.range).split('\n');
      return `${String(diagnostic.code)} at line ${diagnostic.range.start.line + 1}: ${first ?? ''}`;
    });
    const line = (text: string): number => document.positionAt(document.getText().indexOf(text)).line + 1;
    assert.deepEqual(told.toSorted(), [
      `contradiction at line ${line('"strategy"')}: "until-targets"`,
      `missing-field at line ${line('"folder": "mnist"') - 1}: {`,
      `missing-file at line ${line('nowhere')}: "nowhere"`,
      `missing-file at line ${line('modle.json')}: "digits/modle.json"`,
      `out-of-range at line ${line('1.5')}: 1.5`,
      `unknown-field at line ${line('nmae')}: "nmae"`,
      `unknown-layer at line ${line('conv3d')}: "conv3d"`,
      `unknown-node at line ${line('pqta')}: "pruned/pqta"`,
      `unreadable-model at line ${line('mnist.h5')}: "mnist.h5"`,
      `wrong-class-count at line ${line('"generated"') - 1}: {`,
      `wrong-type at line ${line('"many"')}: "many"`,
    ]);
    await vscode.workspace.fs.delete(uri);
  });

  it('is completed from the schema', async () => {
    const document = await vscode.workspace.openTextDocument(exampleRecipe());
    const position = document.positionAt(document.getText().indexOf('"pqat"') + 1);
    const list = await eventually(async () => {
      const found = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        position,
      );
      return found.items.some((item) => String(typeof item.label === 'string' ? item.label : item.label.label).includes('pcqat'))
        ? found
        : undefined;
    }, 'completions from the schema');
    assert.ok(list.items.length > 2);
  });

  it('is explained from the schema, every technique too', async () => {
    const document = await vscode.workspace.openTextDocument(exampleRecipe());
    const explained = async (key: string): Promise<string> => {
      const position = document.positionAt(document.getText().indexOf(`"${key}"`) + 1);
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, position);
      return hovers
        .flatMap(({ contents }) => contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : String(content))))
        .join('\n');
    };
    assert.match(await explained('model'), /The trained model/);
    assert.match(await explained('pqat'), /keeps its zeros/);
    assert.match(await explained('sparsity'), /weights that becomes zero/);
  });

  it('can be run as a task', async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: 'espalier' });
    const task = tasks.find((candidate) => candidate.definition['recipe'] === 'models/mnist.espalier.json');
    assert.ok(task);
    const ended = new Promise<number | undefined>((resolve) => {
      const subscription = vscode.tasks.onDidEndTaskProcess(({ exitCode }) => {
        subscription.dispose();
        resolve(exitCode);
      });
    });
    await vscode.tasks.executeTask(task);
    assert.equal(await ended, 0);
  });
});
