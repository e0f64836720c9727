// The pictures of the README, taken in a real VS Code with the packaged extension: `npm run pictures`.
import path from 'node:path';
import { packageExtension } from './package.mjs';
import { installBrowser, installPackages, root, run } from './setup.mjs';

installPackages();
installBrowser();
const vsix = await packageExtension({ out: path.join(root, '.cache', 'pictures.vsix') });
run('node', ['scripts/build.mjs', 'pictures']);
run('node', ['dist/pictures.mjs'], { env: { ...process.env, ESPALIER_VSIX: vsix } });
