// The main job on a fresh machine: installs, builds, makes the example project (generated digits and a small baseline
// trained on the spot), walks the deployment tree, prints the result table and writes the files to ship and the report.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { installPackages, root, run } from './setup.mjs';

installPackages();
run('node', ['scripts/build.mjs', 'cli', 'worker', 'evaluation-thread', 'reading-thread', 'hdf5-reader']);
const folder = path.join(root, 'out', 'demo');
const espalier = path.join(root, 'dist', 'cli.cjs');
run('node', [espalier, 'create-example', folder, '--force']);
run('node', [espalier, 'run', path.join(folder, 'digits.espalier.json')]);

const [latest] = readdirSync(path.join(folder, '.espalier', 'runs'))
  .sort()
  .reverse();
const runFolder = path.join(folder, '.espalier', 'runs', latest);
const files = readdirSync(runFolder, { recursive: true }).filter((name) => name.endsWith('.tflite'));
console.log(`\n${files.length} .tflite files:`);
for (const file of files.sort()) console.log(`  ${path.relative(process.cwd(), path.join(runFolder, file))}`);
console.log('report, to open in a browser:');
run('node', [espalier, 'report', runFolder, '--output', path.join(folder, 'report.html')]);
