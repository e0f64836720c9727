/** Builds the page of the result panel and uses it in a browser, without an editor around it. */
import { run } from './setup.mjs';
import { runVitestLayer } from './vitest-layer.mjs';

run('node', ['scripts/build.mjs', 'webview']);
runVitestLayer('panel', process.argv.slice(2));
