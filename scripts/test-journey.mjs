/** Packages the extension, installs it in a real VS Code, and uses it as a user does; with `--short` in fewer kinds of windows. */
import path from 'node:path';
import { packageExtension } from './package.mjs';
import { root } from './setup.mjs';
import { runVitestLayer } from './vitest-layer.mjs';

const isShort = process.argv[2] === '--short';
const vsix = await packageExtension({ out: path.join(root, '.cache', 'journey.vsix') });
runVitestLayer('journey', process.argv.slice(isShort ? 3 : 2), { ESPALIER_VSIX: vsix, ESPALIER_JOURNEY: isShort ? 'short' : 'all' });
