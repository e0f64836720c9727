/** Packages the extension, installs it in a real VS Code, and uses it as a user does. */
import path from 'node:path';
import { packageExtension } from './package.mjs';
import { root } from './setup.mjs';
import { runVitestLayer } from './vitest-layer.mjs';

const vsix = await packageExtension({ out: path.join(root, '.cache', 'journey.vsix') });
runVitestLayer('journey', process.argv.slice(2), { ESPALIER_VSIX: vsix });
