/** What Slurm 22.05.8 answered when `test/slurm/record-transcript.mjs` was run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CommandResult, RunCommand } from '../../../../src/execution/slurm/commands.ts';

interface RecordedCommand extends CommandResult {
  readonly note: string;
  readonly command: string;
  readonly args: readonly string[];
}

const transcript: readonly RecordedCommand[] = JSON.parse(readFileSync(path.join(import.meta.dirname, 'transcript.json'), 'utf8'));

export function recorded(note: string): RecordedCommand {
  const found = transcript.find((entry) => entry.note === note);
  if (found === undefined) throw new Error(`the transcript has no "${note}"`);
  return found;
}

/** Answers the next call as recorded, and keeps what was asked. */
export function replay(...notes: readonly string[]): { readonly run: RunCommand; readonly asked: string[][] } {
  const asked: string[][] = [];
  const rest = [...notes];
  const run: RunCommand = (command, args) => {
    asked.push([command, ...args]);
    const entry = recorded(rest.shift() ?? 'nothing more');
    if (entry.command !== command) throw new Error(`${command} was called, ${entry.command} was recorded`);
    return Promise.resolve(entry);
  };
  return { run, asked };
}
