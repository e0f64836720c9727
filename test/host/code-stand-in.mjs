#!/usr/bin/env node
/**
 * Stands in for the executable of a desktop VS Code: takes the arguments that @vscode/test-electron gives it, runs the
 * suite in the extension host of the VS Code server, and ends with the suite's exit code.
 */
import { openWindow, remotePath, startServer } from '../support/vscode-window.mjs';

const argument = (name) => process.argv.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);
const folder = process.argv.slice(2).find((text) => !text.startsWith('-'));
const development = argument('extensionDevelopmentPath');
const suite = argument('extensionTestsPath');
if (folder === undefined || development === undefined || suite === undefined)
  throw new Error(`expected a folder, --extensionDevelopmentPath and --extensionTestsPath, got: ${process.argv.slice(2).join(' ')}`);

const server = await startServer({ isDriven: true });
const { browser, page, url } = await openWindow({
  port: server.port,
  folder,
  payload: [
    ['extensionDevelopmentPath', remotePath(server.port, development)],
    ['extensionTestsPath', remotePath(server.port, suite)],
  ],
});
try {
  const exitCode = await new Promise((resolve, reject) => {
    page.exposeFunction('codeAutomationExit', resolve).catch(reject);
    page
      .exposeFunction('codeAutomationLog', (type, values) => {
        // The server is installed without its compiled parts, of which it only misses faster logging.
        if (type === 'error' && !String(values[0]).includes('bindings file')) console.error(...values);
      })
      .catch(reject);
    page.goto(url).catch(reject);
    setTimeout(() => reject(new Error('the suite did not end within ten minutes')), 600_000).unref();
  });
  process.exitCode = Number(exitCode);
} finally {
  await browser.close();
  await server.stop();
}
