import { readFileSync } from 'node:fs';
import { registerCertify } from './commands/certify.ts';
import { registerConvert } from './commands/convert.ts';
import { registerCreate } from './commands/create.ts';
import { registerCreateExample } from './commands/create-example.ts';
import { registerDeploy } from './commands/deploy.ts';
import { registerEvaluate } from './commands/evaluate.ts';
import { registerFetch } from './commands/fetch.ts';
import { registerInspect } from './commands/inspect.ts';
import { registerClean, registerRuns } from './commands/runs.ts';
import { registerCompare, registerReport } from './commands/report.ts';
import { registerMcp } from './commands/mcp.ts';
import { registerPack } from './commands/pack.ts';
import { registerOptimize } from './commands/optimize.ts';
import { registerProfile } from './commands/profile.ts';
import { registerInit } from './commands/init.ts';
import { registerRun } from './commands/run.ts';
import { registerSensitivity } from './commands/sensitivity.ts';
import { registerVerify } from './commands/verify.ts';
import { createProgram, runProgram } from './program.ts';
import { isObjectOf, isString, parseChecked } from '../shared/checked-json.ts';

const manifest = parseChecked(readFileSync(new URL('../package.json', import.meta.url), 'utf8'), isObjectOf({ version: isString }));
const program = createProgram(manifest?.version ?? 'unknown');
registerCreateExample(program);
registerCreate(program);
registerInit(program);
registerRun(program);
registerOptimize(program);
registerRuns(program);
registerReport(program);
registerCompare(program);
registerVerify(program);
registerClean(program);
registerFetch(program);
registerInspect(program);
registerConvert(program);
registerEvaluate(program);
registerCertify(program);
registerProfile(program);
registerSensitivity(program);
registerPack(program);
registerMcp(program);
registerDeploy(program);

// `espalier … | head` closes the pipe early: that is no error.
process.stdout.on('error', () => process.exit());
void runProgram(program, process.argv.slice(2)).then((code) => {
  // Waits until a pipe has received all output.
  process.stdout.write('', () => process.exit(code));
});
