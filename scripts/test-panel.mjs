/** Builds the page of the result panel and uses it in a browser, without an editor around it. */
import { buildTargets } from './setup.mjs';
import { runVitestLayer } from './vitest-layer.mjs';

buildTargets('webview');
runVitestLayer('panel', process.argv.slice(2));
