/** Which job makes which node: what lets a host that was killed, closed or moved find the jobs of its run again. */
import { isArrayOf, isCount, isObjectOf, isRecord, isString } from '../../shared/checked-json.ts';
import type { Guard } from '../../shared/checked-json.ts';
import { taskName } from '../job/job-request.ts';
import type { Place } from './arrays.ts';

export type LedgerEntry =
  /** Before sbatch is called: the id of the job may never be read. */
  | {
      readonly kind: 'planned';
      readonly submission: number;
      readonly user: string;
      readonly tasks: readonly { readonly index: number; readonly model: string; readonly node: string; readonly key: string }[];
    }
  | { readonly kind: 'submitted'; readonly submission: number; readonly job: string }
  /** Never taken by the scheduler. */
  | { readonly kind: 'refused'; readonly submission: number }
  /** Its end has been reported. */
  | { readonly kind: 'ended'; readonly task: string }
  /** Warnings up to here have been reported. */
  | { readonly kind: 'relayed'; readonly task: string; readonly offset: number };

/** A task whose end was never reported. */
export interface OpenTask {
  readonly place: Place;
  readonly model: string;
  readonly node: string;
  readonly key: string;
  readonly user: string;
  /** Id of the array; undefined where the host ended before it read it. */
  readonly job: string | undefined;
  readonly relayed: number;
}

export interface LedgerState {
  readonly open: readonly OpenTask[];
  readonly nextSubmission: number;
}

export function readLedger(entries: readonly LedgerEntry[]): LedgerState {
  const open = new Map<string, OpenTask>();
  const drop = (submission: number): void => {
    for (const [name, task] of open) if (task.place.submission === submission) open.delete(name);
  };
  let nextSubmission = 1;
  for (const entry of entries) {
    switch (entry.kind) {
      case 'planned':
        nextSubmission = Math.max(nextSubmission, entry.submission + 1);
        for (const { index, model, node, key } of entry.tasks) {
          const place = { submission: entry.submission, index };
          open.set(taskName(place), { place, model, node, key, user: entry.user, job: undefined, relayed: 0 });
        }
        break;
      case 'submitted':
        for (const [name, task] of open) if (task.place.submission === entry.submission) open.set(name, { ...task, job: entry.job });
        break;
      case 'refused':
        drop(entry.submission);
        break;
      case 'ended':
        open.delete(entry.task);
        break;
      case 'relayed': {
        const task = open.get(entry.task);
        if (task !== undefined) open.set(entry.task, { ...task, relayed: entry.offset });
        break;
      }
    }
  }
  return { open: [...open.values()], nextSubmission };
}

const isPlannedTask = isObjectOf<{ index: number; model: string; node: string; key: string }>({
  index: isCount,
  model: isString,
  node: isString,
  key: isString,
});
const kinds: Readonly<Record<LedgerEntry['kind'], Guard<unknown>>> = {
  planned: isObjectOf({ submission: isCount, user: isString, tasks: isArrayOf(isPlannedTask) }),
  submitted: isObjectOf({ submission: isCount, job: isString }),
  refused: isObjectOf({ submission: isCount }),
  ended: isObjectOf({ task: isString }),
  relayed: isObjectOf({ task: isString, offset: isCount }),
};

export function isLedgerEntry(value: unknown): value is LedgerEntry {
  return isRecord(value) && Object.entries(kinds).some(([kind, guard]) => kind === value['kind'] && guard(value));
}
