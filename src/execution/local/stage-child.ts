/** One stage process as the worker sees it. */
import { fork } from 'node:child_process';
import { causeOf, EspalierError } from '../../core/errors.ts';
import type { StageOutcome, StageRequest } from '../../core/tree/stages/stage-runner.ts';
import { MessageHandler, RemoteError } from '../../shared/message-handler.ts';
import type { Message } from '../../shared/message-handler.ts';
import type { StageHostProtocol, StageProtocol, StageProcessSetting } from './stage-protocol.ts';

/** Argument that makes the worker's bundle a stage process. */
export const STAGE_ARGUMENT = 'stages';

/** Lets one process at a time run alone while all others pause. */
export interface ExclusiveTurns {
  begin(child: StageChild): Promise<void>;
  end(child: StageChild): void;
}

/** A stage process, seen from the worker: requests go to it, progress and checkpoints come from it. */
export class StageChild {
  readonly #connection: MessageHandler<StageHostProtocol, StageProtocol>;
  readonly #disconnect: () => void;
  #request: StageRequest | undefined;
  #ended = false;

  constructor(script: string, turns: ExclusiveTurns) {
    const child = fork(script, [STAGE_ARGUMENT], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#connection = new MessageHandler<StageHostProtocol, StageProtocol>(
      (message: Message) => {
        if (child.connected) child.send(message, () => undefined);
      },
      {
        loadCheckpoint: async () => ({ bytes: await this.#current().checkpoint.load() }),
        saveCheckpoint: async ({ bytes }) => {
          await this.#current().checkpoint.save(bytes);
          return null;
        },
        loadStatistics: async ({ key }) => ({ statistics: await this.#current().statistics?.load(key) }),
        saveStatistics: async ({ key, statistics }) => {
          await this.#current().statistics?.save(key, statistics);
          return null;
        },
        pauseOthers: async () => {
          await turns.begin(this);
          return null;
        },
        resumeOthers: () => {
          turns.end(this);
          return Promise.resolve(null);
        },
      },
    );
    this.#connection.on('progress', ({ phase, fraction, training }) => this.#request?.onProgress(phase, fraction, training));
    this.#connection.on('warning', ({ message }) => this.#request?.warn(message));
    child.on('message', (message: Message) => this.#connection.receive(message));
    const end = (what: string): void => {
      this.#ended = true;
      turns.end(this);
      this.#connection.dispose(
        new EspalierError('engine', what, {
          fix: 'if memory ran out, set "processes": 1 under "engine" in the recipe; then resume the run',
        }),
      );
    };
    child.on('error', (error) => end(`the process of this stage did not start (${error.message})`));
    child.on('exit', (code, signal) => end(`the process of this stage ended (${signal ?? `code ${code ?? '?'}`})`));
    this.#disconnect = () => {
      if (child.connected) child.disconnect();
    };
  }

  /** Runs a stage now; it takes no other request until that ends. */
  get isBusy(): boolean {
    return this.#request !== undefined;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  async run(setting: StageProcessSetting, request: StageRequest): Promise<StageOutcome> {
    const { node, stage, parentTrained, rules, parent, baseline, signal } = request;
    this.#request = request;
    try {
      const work = { node, stage, parentTrained, rules, parent, baseline };
      return await this.#connection.request('runStage', { ...setting, work }, { signal });
    } catch (error) {
      throw toLocalError(error);
    } finally {
      this.#request = undefined;
    }
  }

  /** Returns the number of the timing. */
  async prepareSteps(setting: StageProcessSetting): Promise<number> {
    const { timing } = await this.#connection.request('prepareSteps', setting).catch((error: unknown) => {
      throw toLocalError(error);
    });
    return timing;
  }

  async timeSteps(timing: number, duration: number): Promise<number> {
    const { milliseconds } = await this.#connection.request('timeSteps', { timing, milliseconds: duration });
    return milliseconds;
  }

  async forgetSteps(): Promise<void> {
    await this.#connection.request('forgetSteps', {});
  }

  async pause(): Promise<void> {
    await this.#connection.request('pause', {});
  }

  async proceed(): Promise<void> {
    await this.#connection.request('proceed', {});
  }

  stop(): void {
    this.#disconnect();
  }

  #current(): StageRequest {
    if (this.#request === undefined) throw new Error('no stage is at work');
    return this.#request;
  }
}

/** An error of the stage process as an error of this process, with its code and its stack. */
function toLocalError(error: unknown): unknown {
  if (!(error instanceof RemoteError)) return error;
  if (error.code !== 'internal') {
    const { what, where, fix } = causeOf(error);
    return new EspalierError(error.code, what, { where, fix });
  }
  const own = new Error(error.message, { cause: error });
  if (error.remoteStack !== undefined) own.stack = error.remoteStack;
  return own;
}
