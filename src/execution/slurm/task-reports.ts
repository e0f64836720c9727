/** What the walk of a model hears of its jobs, and what the ledger keeps of that for the next host. */
import type { JobNews } from '../../core/tree/execution/executor.ts';
import type { JobFolder } from './job-folder.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Silence } from './silence.ts';
import { nodeKey } from './tasks.ts';
import type { ModelJobs, Task, Tasks } from './tasks.ts';

export class TaskReports {
  readonly #folder: JobFolder;
  readonly #tasks: Tasks;
  readonly #silence: Silence;
  /** Ids of ended jobs by node, for their logs. */
  readonly #logs = new Map<string, string>();
  /** Calls of squeue, and looks at the folder, in a row that brought nothing new. */
  quietCalls = 0;
  quietLooks = 0;

  constructor(folder: JobFolder, tasks: Tasks, silence: Silence) {
    this.#folder = folder;
    this.#tasks = tasks;
    this.#silence = silence;
  }

  report(task: Task, news: JobNews): void {
    this.quietLooks = 0;
    if (news.kind !== 'progress') this.quietCalls = 0;
    task.model.report(task.job.entry.node.id, news);
  }

  /** All warnings that the job has written since, and of its progress the latest. */
  async relay(task: Task): Promise<void> {
    const { events, offset } = await this.#folder.events(task.name, task.offset);
    task.offset = offset;
    const warnings = events.filter(({ kind }) => kind === 'warning');
    const progress = events.findLast(({ kind }) => kind === 'progress');
    for (const event of [...warnings, ...(progress === undefined ? [] : [progress])]) this.report(task, event);
    if (warnings.length > 0) this.append({ kind: 'relayed', task: task.name, offset });
  }

  end(task: Task, news: JobNews): void {
    this.forget(task);
    if (task.id !== undefined) this.#logs.set(nodeKey(task.model.model, task.job.entry.node.id), task.id);
    this.report(task, news);
    if (news.kind === 'failed') this.#loseChildren(task);
  }

  forget(task: Task): void {
    this.#tasks.remove(task);
    if (task.id !== undefined) this.append({ kind: 'ended', task: task.name });
  }

  /** What is not in the ledger is only looked at once more by the next host: no reason to give up this one. */
  append(entry: LedgerEntry): void {
    try {
      this.#folder.append(entry);
    } catch (error) {
      this.#silence.note(error);
    }
  }

  /** Of what the job of a node has printed. */
  lastLines(model: ModelJobs, node: string): Promise<readonly string[]> {
    const id = this.#logs.get(nodeKey(model.model, node));
    return id === undefined ? Promise.resolve([]) : this.#folder.lastLines(id);
  }

  /** Those that wait for it never start: the scheduler drops the submitted ones, the others are not submitted. */
  #loseChildren(parent: Task): void {
    for (const task of this.#tasks.all()) {
      if (task.model !== parent.model || task.job.entry.parent?.id !== parent.job.entry.node.id) continue;
      this.forget(task);
      this.#loseChildren(task);
    }
  }
}
