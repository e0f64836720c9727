/** Packages the extension, installs it in a real VS Code, and uses it as a user does. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageExtension } from './package.mjs';
import { root, start } from './setup.mjs';

const folder = path.join(root, 'test-results');
const report = path.join(folder, 'journey-report.json');
mkdirSync(folder, { recursive: true });
for (const file of [report, path.join(folder, 'journey.json')]) rmSync(file, { force: true });

const vsix = await packageExtension({ out: path.join(root, '.cache', 'journey.vsix') });
const { status } = start(
  'npx',
  [
    'vitest',
    'run',
    '--config',
    'test/journey/vitest.config.ts',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { env: { ...process.env, ESPALIER_VSIX: vsix } },
);
const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'));
writeFileSync(path.join(folder, 'journey.json'), JSON.stringify({ passed, failed }));
process.exitCode = status ?? 1;
