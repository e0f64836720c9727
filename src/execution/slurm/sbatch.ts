/** What is handed to sbatch: its arguments and the script. */
import type { SlurmOptions } from '../../shared/recipe/execution.ts';

/** When an array of tasks may start. */
export type Dependency =
  /** After a task has succeeded: `12_3`. */
  | { readonly kind: 'task'; readonly task: string }
  /** Each task after the task of the same index of this job. */
  | { readonly kind: 'corresponding'; readonly job: string };

export interface Submission {
  /** Of all jobs of the run. */
  readonly name: string;
  /** Unique in the run: finds the job again where its id was never read. */
  readonly comment: string;
  readonly script: string;
  readonly logFolder: string;
  /** Of the tasks, ascending. */
  readonly indices: readonly number[];
  readonly dependency: Dependency | undefined;
  /** Processors of each task. */
  readonly threads: number;
  readonly exclusive: boolean;
  /** Minutes; without it the limit of the options, or the partition's. */
  readonly minutes: number | undefined;
  readonly options: SlurmOptions;
}

export function sbatchArguments(submission: Submission): readonly string[] {
  const { name, comment, script, logFolder, indices, dependency, threads, exclusive, minutes, options } = submission;
  const optional = (option: string, value: string | undefined): readonly string[] => (value === undefined ? [] : [`--${option}=${value}`]);
  return [
    '--parsable',
    `--job-name=${name}`,
    `--comment=${comment}`,
    `--array=${describeIndices(indices)}`,
    // A parent that fails takes its children out of the queue, where they would wait for ever.
    ...(dependency === undefined ? [] : [`--dependency=${describeDependency(dependency)}`, '--kill-on-invalid-dep=yes']),
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${threads}`,
    ...(exclusive ? ['--exclusive'] : []),
    // Preempted, or its machine lost: it goes on from its checkpoint, and its log goes on too.
    '--requeue',
    '--open-mode=append',
    `--output=${escapePercent(logFolder)}/%A_%a.log`,
    ...optional('partition', options.partition),
    ...optional('account', options.account),
    ...optional('qos', options.qos),
    ...optional('constraint', options.constraint),
    ...optional('gres', options.gres),
    ...optional('mem', options.memory),
    ...optional('time', options.time ?? minutes?.toString()),
    ...(options.options ?? []),
    script,
  ];
}

function describeDependency(dependency: Dependency): string {
  return dependency.kind === 'task' ? `afterok:${dependency.task}` : `aftercorr:${dependency.job}`;
}

/** `0-3,7` */
export function describeIndices(indices: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const index of indices) {
    const range = ranges.at(-1);
    if (range !== undefined && index === range.last + 1) range.last = index;
    else ranges.push({ first: index, last: index });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** sbatch replaces what follows a percent sign in file names; two stand for one. */
function escapePercent(file: string): string {
  return file.replaceAll('%', '%%');
}

export interface BatchScript {
  readonly node: string;
  /** The worker's bundle. */
  readonly program: string;
  readonly request: string;
  /** Folder of the records that jobs leave, one file a task. */
  readonly records: string;
  /** Start of the records' names, before the task's index. */
  readonly submission: string;
  readonly setup: readonly string[];
}

/**
 * The shell keeps what the program cannot: that it was killed. It passes on the signal that the scheduler sends before a
 * job's time is up, and waits until the program has left its own record.
 */
export function batchScript({ node, program, request, records, submission, setup }: BatchScript): string {
  return `#!/bin/sh
# One stage of a deployment tree for each task of the array; written by Espalier.
record=${quote(`${records}/${submission}-`)}"$SLURM_ARRAY_TASK_ID".ended.json
# Of an earlier start of the same job.
rm -f "$record"
${setup.map((line) => `${line}\n`).join('')}${quote(node)} ${quote(program)} job ${quote(request)} "$SLURM_ARRAY_TASK_ID" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM INT
wait "$child"
code=$?
# A signal ends the waiting before the program has ended.
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
if [ ! -f "$record" ]; then
  printf '{"version":1,"outcome":"killed","exitCode":%d,"host":"%s"}\\n' "$code" "\${SLURMD_NODENAME:-}" >"$record.tmp" && mv "$record.tmp" "$record"
fi
exit "$code"
`;
}

/** One word for the shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
