/** What there is to report of a job that has not ended: where it is in the queue, and that it has started. */
import type { JobNews } from '../../core/tree/execution/executor.ts';
import type { StartRecord } from '../job/job-request.ts';
import type { QueuedTask } from './answers.ts';
import type { Task } from './tasks.ts';

/** In a long queue reasons change all the time, and nobody needs to hear of each. */
const LEAST_BETWEEN_REASONS = 60_000;

/** Why a job waits for what will not come by itself. */
const hopelessReasons: Readonly<Record<string, string>> = {
  PartitionConfig: 'no machine of the partition has what it asks for',
  BadConstraints: 'no machine has what "constraint" or "gres" ask for',
  PartitionTimeLimit: '"time" is more than the partition allows',
  PartitionNodeLimit: 'it asks for more machines than the partition has',
  InvalidAccount: '"account" is not known',
  InvalidQOS: '"qos" is not known',
  JobHeldUser: 'it is held, `scontrol release` lets it go',
  JobHeldAdmin: 'an administrator holds it',
};

/** From what squeue says of a task; remembers in the task what has been reported. */
export function newsOfQueue(task: Task, { state, reason, host }: QueuedTask, now: number): readonly JobNews[] {
  task.missingSince = undefined;
  const job = task.id ?? '';
  if (state === 'RUNNING') return task.isRunning ? [] : start(task, host);
  // A job that completes, or is suspended, is as it was.
  if (state !== 'PENDING' && !state.startsWith('REQUEUE')) return [];
  if (task.isRunning) {
    task.isRunning = false;
    task.returns++;
    return [
      {
        kind: 'warning',
        message: `job ${job} was put back into the queue: preempted, or its machine was lost; it goes on from its last checkpoint`,
      },
      ...wait(task, job, reason, now),
    ];
  }
  const isSaid = reason === undefined || reason === task.reason;
  return isSaid || (task.reason !== undefined && now - task.reasonSince < LEAST_BETWEEN_REASONS) ? [] : wait(task, job, reason, now);
}

function wait(task: Task, job: string, reason: string | undefined, now: number): readonly JobNews[] {
  task.reason = reason;
  task.reasonSince = now;
  const hopeless = reason === undefined ? undefined : hopelessReasons[reason];
  const warning = `job ${job} will not start as it is (${reason ?? ''}): ${hopeless ?? ''}; cancel the run, change "execution" in the recipe, and resume it`;
  return [{ kind: 'queued', job, reason }, ...(hopeless === undefined ? [] : [{ kind: 'warning', message: warning } as const])];
}

/** From what the job itself has left. Nothing where that is of a start before the job was put back into the queue. */
export function newsOfStart(task: Task, { restarts, host }: StartRecord): readonly JobNews[] {
  return restarts < task.returns ? [] : start(task, host);
}

function start(task: Task, host: string | undefined): readonly JobNews[] {
  task.isRunning = true;
  task.reason = undefined;
  return [{ kind: 'started', job: task.id, host }];
}
