import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { LONGEST_SILENCE } from '../core/tree/store/run-owner.ts';
import type { FoundOwner, RunOwner } from '../core/tree/store/run-owner.ts';

/** This process, as the owner of a run. */
export function ownIdentity(): RunOwner {
  return identityOf(process.pid);
}

/** Whether that very process is there, not one that got its id later; of another machine's its heartbeat tells. */
export function isAlive({ process: id, started, silence }: FoundOwner): boolean {
  if (silence !== undefined) return silence < LONGEST_SILENCE;
  // Signal 0 only asks.
  try {
    process.kill(id, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const status = linuxStatus(id);
  return status === undefined || (status.state !== 'Z' && (started === undefined || status.started === started));
}

function identityOf(id: number): RunOwner {
  return { host: hostname(), process: id, started: linuxStatus(id)?.started };
}

/** From `/proc/<id>/stat`, whose second field, the name in parentheses, may hold anything. A zombie (`Z`) has ended. */
function linuxStatus(id: number): { readonly state: string; readonly started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Fields 3 and 22 of proc(5).
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
