import { isRecordOf, isString } from '../../shared/checked-json.ts';
import type { Run } from '../runs/run.ts';

const notesKey = 'espalier.runNotes';
const pinnedKey = 'espalier.pinnedRun';
const isNotes = isRecordOf(isString);

/** What identifies a run: its folder; until it has one, its key, which belongs to another run after a reload. */
export type NotedRun = Pick<Run, 'folder' | 'key'>;

/** What RunNotes uses of the editor's Memento. */
interface Store {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/**
 * Notes on runs and the pinned one, kept with the workspace by the editor: run folders stay as they were written. Those of
 * a run that waits for its folder are kept in memory until `keep` finds that it has one.
 */
export class RunNotes {
  readonly #state: Store;
  /** By key. */
  readonly #waiting = new Map<string, string>();
  #waitingPin: string | undefined;

  constructor(state: Store) {
    this.#state = state;
  }

  of({ folder, key }: NotedRun): string {
    return this.#waiting.get(key) ?? (folder === undefined ? undefined : this.#notes()[folder]) ?? '';
  }

  async write({ folder, key }: NotedRun, note: string): Promise<void> {
    if (folder === undefined) {
      this.#waiting.set(key, note);
      return;
    }
    this.#waiting.delete(key);
    const others = Object.entries(this.#notes()).filter(([other]) => other !== folder);
    await this.#state.update(notesKey, Object.fromEntries(note === '' ? others : [...others, [folder, note]]));
  }

  isPinned({ folder, key }: NotedRun): boolean {
    if (this.#waitingPin !== undefined) return this.#waitingPin === key;
    return folder !== undefined && this.#state.get(pinnedKey) === folder;
  }

  /** Without a run none is pinned. */
  async pin(run: NotedRun | undefined): Promise<void> {
    this.#waitingPin = run?.folder === undefined ? run?.key : undefined;
    await this.#state.update(pinnedKey, run?.folder);
  }

  /** Stores what was noted of a run while it had no folder. */
  async keep(run: NotedRun): Promise<void> {
    if (run.folder === undefined) return;
    const note = this.#waiting.get(run.key);
    if (note !== undefined) await this.write(run, note);
    if (this.#waitingPin === run.key) await this.pin(run);
  }

  #notes(): Readonly<Record<string, string>> {
    const notes = this.#state.get(notesKey);
    return isNotes(notes) ? notes : {};
  }
}
