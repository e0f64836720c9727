// The main job on a fresh machine: installs, builds, makes the example project (generated digits and a small baseline
// trained on the spot), walks the deployment tree and prints the result table.
import path from 'node:path';
import { installPackages, root, run } from './setup.mjs';

installPackages();
run('node', ['scripts/build.mjs', 'cli', 'worker', 'evaluation-thread']);
const folder = path.join(root, 'out', 'demo');
const espalier = path.join(root, 'dist', 'cli.cjs');
run('node', [espalier, 'create-example', folder, '--force']);
run('node', [espalier, 'run', path.join(folder, 'digits.espalier.json')]);
