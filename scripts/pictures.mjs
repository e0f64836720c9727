// The pictures of the README, taken in a real VS Code with the packaged extension: `npm run pictures`, or with `-- slurm` that of a run on a cluster.
import path from 'node:path';
import { packageExtension } from './package.mjs';
import { installBrowser, installPackages, root, run } from './setup.mjs';

installPackages();
installBrowser();
const vsix = await packageExtension({ out: path.join(root, '.cache', 'pictures.vsix') });
run('node', ['scripts/build.mjs', 'pictures', 'cli', 'worker', 'evaluation-thread', 'reading-thread', 'hdf5-reader']);
run('node', ['dist/pictures.mjs', ...process.argv.slice(2)], { env: { ...process.env, ESPALIER_VSIX: vsix } });
