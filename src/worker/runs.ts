/** The runs that this process works on. Those that train here come one after the other: the window sees to that. */
import { EspalierError } from '../core/errors.ts';
import type { Session } from '../core/tree/session.ts';
import type { RunEvent } from '../shared/events.ts';
import type { RunHandle } from '../shared/protocol.ts';

interface ActiveRun {
  readonly controller: AbortController;
  readonly ended: Promise<unknown>;
}

export class Runs {
  readonly #active = new Map<string, ActiveRun>();
  readonly #emit: (runId: string, event: RunEvent) => void;
  /** Called when a run ends with a bug, for which there is no event. */
  readonly #fail: (error: unknown) => void;

  constructor(emit: (runId: string, event: RunEvent) => void, fail: (error: unknown) => void) {
    this.#emit = emit;
    this.#fail = fail;
  }

  start(session: Session): RunHandle {
    const { runId, runFolder, isScheduled } = session;
    if (this.#active.has(runId)) throw new EspalierError('invalid-argument', 'this run is going on already', { where: runId });
    const controller = new AbortController();
    // After the reply, so that the caller knows the run before its first event.
    const ended = new Promise((resolve) => setImmediate(resolve))
      .then(() => session.run((event) => this.#emit(runId, event), controller.signal))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#active.delete(runId));
    this.#active.set(runId, { controller, ended });
    return { runId, runFolder, isScheduled };
  }

  async cancel(runId: string): Promise<void> {
    const run = this.#active.get(runId);
    run?.controller.abort();
    await run?.ended;
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.#active.keys()].map((runId) => this.cancel(runId)));
  }
}
