/**
 * Writes the table of operators in docs/onnx.md: `ESPALIER_ONNX_TESTS=FOLDER npm run onnx-operators`, where FOLDER is
 * onnx/backend/test/data/node of a checkout of https://github.com/onnx/onnx (v1.21 and before keep the files; later ones make
 * them with `python -m onnx.backend.test.cmd_tools generate-data`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createEngine } from '../src/core/engine/create-engine.ts';
import { operatorNames } from '../src/core/import/onnx/operators/operator-table.ts';
import { operatorRows, runOperatorTests } from '../test/support/onnx-operator-tests.ts';

const page = 'docs/onnx.md';
const [begin, end] = ['<!-- operators: begin -->', '<!-- operators: end -->'];

async function main(): Promise<void> {
  const folder = process.env['ESPALIER_ONNX_TESTS'];
  if (folder === undefined) throw new Error('set ESPALIER_ONNX_TESTS to the folder of the tests');
  const tests = await runOperatorTests(folder, new Set(operatorNames), await createEngine({ name: 'onnxruntime-node', threads: 1 }));
  const wrong = tests.filter(({ outcome }) => outcome === 'wrong');
  for (const { name, detail } of wrong) console.error(`${name}: ${detail}`);
  if (wrong.length > 0) process.exitCode = 1;
  const rows = operatorRows(tests);
  const count = (of: 'passed' | 'refused'): number => rows.reduce((sum, row) => sum + row[of], 0);
  const table = [
    `${tests.length} tests of ${rows.length} operators: ${count('passed')} passed, ${count('refused')} refused, ${wrong.length} wrong.`,
    '',
    '| operator | passed | refused | refused for |',
    '|---|---:|---:|---|',
    ...rows.map(({ operator, passed, refused, reasons }) => `| ${operator} | ${passed} | ${refused} | ${reasons.join('; ')} |`),
  ].join('\n');
  const text = readFileSync(page, 'utf8');
  const [before, after] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))];
  writeFileSync(page, `${before}\n\n${table}\n\n${after}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 2;
});
