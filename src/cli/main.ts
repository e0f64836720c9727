import { readFileSync } from 'node:fs';
import { addCommands } from './command-table.ts';
import { createProgram, runProgram } from './program.ts';
import { isObjectOf, isString, parseChecked } from '../shared/checked-json.ts';

const manifest = parseChecked(readFileSync(new URL('../package.json', import.meta.url), 'utf8'), isObjectOf({ version: isString }));
const program = createProgram(manifest?.version ?? 'unknown');
const args = process.argv.slice(2);

// `espalier … | head` closes the pipe early: that is no error.
process.stdout.on('error', () => process.exit());
void addCommands(program, args)
  .then(() => runProgram(program, args))
  .then((code) => {
    // Waits until a pipe has received all output.
    process.stdout.write('', () => process.exit(code));
  });
