/** One stage process as the worker sees it. */
import { fork } from 'node:child_process';
import { EspalierError } from '../../core/errors.ts';
import type { StageOutcome, StageRequest } from '../../core/tree/stages/stage-runner.ts';
import { MessageHandler, RemoteError } from '../../shared/message-handler.ts';
import type { Message } from '../../shared/message-handler.ts';
import type { StageHostProtocol, StageProtocol, StageSetting } from './stage-protocol.ts';

/** Argument that makes the worker's bundle a stage process. */
export const STAGE_ARGUMENT = 'stages';

export interface QuietTurns {
  begin(child: StageChild): Promise<void>;
  end(child: StageChild): void;
}

export class StageChild {
  readonly #connection: MessageHandler<StageHostProtocol, StageProtocol>;
  readonly #disconnect: () => void;
  #request: StageRequest | undefined;
  #ended = false;

  constructor(script: string, quiet: QuietTurns) {
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
        beginQuiet: async () => {
          await quiet.begin(this);
          return null;
        },
        endQuiet: () => {
          quiet.end(this);
          return Promise.resolve(null);
        },
      },
    );
    this.#connection.on('progress', ({ phase, fraction, training }) => this.#request?.onProgress(phase, fraction, training));
    this.#connection.on('warning', ({ message }) => this.#request?.warn(message));
    child.on('message', (message: Message) => this.#connection.receive(message));
    const end = (what: string): void => {
      this.#ended = true;
      quiet.end(this);
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

  /** Has a request and is to be left alone. */
  get isBusy(): boolean {
    return this.#request !== undefined;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  async run(setting: StageSetting, request: StageRequest): Promise<StageOutcome> {
    const { node, stage, settled, rules, parent, baseline, signal } = request;
    this.#request = request;
    try {
      const work = { node, stage, settled, rules, parent, baseline };
      return await this.#connection.request('runStage', { ...setting, work }, { signal });
    } catch (error) {
      throw asOwn(error);
    } finally {
      this.#request = undefined;
    }
  }

  /** Returns the number of the timing. */
  async prepareSteps(setting: StageSetting): Promise<number> {
    const { timing } = await this.#connection.request('prepareSteps', setting).catch((error: unknown) => {
      throw asOwn(error);
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

/** The other process is part of this program: its errors are told as if they had happened here. */
function asOwn(error: unknown): unknown {
  if (!(error instanceof RemoteError)) return error;
  if (error.code !== 'internal') return new EspalierError(error.code, error.message);
  const own = new Error(error.message, { cause: error });
  if (error.remoteStack !== undefined) own.stack = error.remoteStack;
  return own;
}
