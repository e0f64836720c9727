/** What squeue and scontrol print, as data. */

export interface QueuedTask {
  /** `12_3`: job 12, task 3. */
  readonly task: string;
  /** `PENDING`, `RUNNING`, `COMPLETING`… */
  readonly state: string;
  /** Why it waits, in Slurm's words; undefined where it does not wait. */
  readonly reason: string | undefined;
  /** Name of the machine; undefined until it has one. */
  readonly host: string | undefined;
  /** The comment that it was submitted with. */
  readonly comment: string | undefined;
}

/**
 * Lines of `--format=%i|%T|%r|%N|%k`. Tasks of an array that wait share a line: `12_[0,3,7-9%2]`.
 *
 * A reason in parentheses (`(Priority)`, as other formats print it) is the same reason.
 */
export function parseQueue(text: string): readonly QueuedTask[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', state = '', reason = '', host = '', comment = ''] = line.trim().split('|');
    if (id === '' || state === '') return [];
    const facts = {
      state,
      reason: named(reason.replace(/^\((.*)\)$/, '$1')),
      host: named(host),
      comment: named(comment),
    };
    return expandTasks(id).map((task) => ({ task, ...facts }));
  });
}

/** `12_[0,3,7-9%2]` is five tasks, `12_4` and `12` are one each. */
export function expandTasks(id: string): readonly string[] {
  const found = /^(\d+)_\[(.*?)(?:%\d+)?\]$/.exec(id);
  if (found === null) return [id];
  const [, job = '', list = ''] = found;
  return list.split(',').flatMap((part) => {
    const [, first, last, step] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part) ?? [];
    if (first === undefined) return [];
    const tasks: string[] = [];
    for (let index = Number(first); index <= Number(last ?? first); index += Number(step ?? 1)) tasks.push(`${job}_${index}`);
    return tasks;
  });
}

function named(text: string): string | undefined {
  return text === '' || text === 'None' || text === '(null)' || text === 'N/A' ? undefined : text;
}

export interface JobDescription {
  /** `COMPLETED`, `FAILED`, `TIMEOUT`, `OUT_OF_MEMORY`, `NODE_FAIL`, `CANCELLED`, `PREEMPTED`… */
  readonly state: string;
  readonly reason: string | undefined;
  readonly exitCode: number | undefined;
  /** That ended it, 0 where none did. */
  readonly signal: number | undefined;
  readonly timeLimit: string | undefined;
  readonly host: string | undefined;
}

/** The one line of `scontrol --oneliner show job`; undefined where it is none. */
export function parseJobDescription(text: string): JobDescription | undefined {
  const value = (name: string): string | undefined => named(new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec(text)?.[1] ?? '');
  const state = value('JobState');
  if (state === undefined) return undefined;
  const [exitCode, signal] = (value('ExitCode') ?? '').split(':');
  return {
    state,
    reason: value('Reason'),
    exitCode: exitCode === undefined || exitCode === '' ? undefined : Number(exitCode),
    signal: signal === undefined ? undefined : Number(signal),
    timeLimit: value('TimeLimit'),
    host: value('NodeList'),
  };
}
