/** The child process that does all the work. It is started when it is first needed, and again after it has ended. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import os from 'node:os';
import * as vscode from 'vscode';
import { MessageHandler } from '../../shared/message-handler.ts';
import type { Message } from '../../shared/message-handler.ts';
import type { HostProtocol, WorkerProtocol } from '../../shared/protocol.ts';
import { readSettings } from '../settings.ts';

export type WorkerConnection = MessageHandler<HostProtocol, WorkerProtocol>;

/** The child process ended unexpectedly; the message says why and what to do. */
export class WorkerEnded extends Error {
  override readonly name = 'WorkerEnded';
}

/** The part of the worker that senders of requests and subscribers of events use. */
export type RunningWorker = Pick<WorkerProcess, 'connection' | 'onDidConnect' | 'onDidEnd'>;

export class WorkerProcess implements vscode.Disposable {
  readonly #script: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #ended = new vscode.EventEmitter<WorkerEnded>();
  readonly #connected = new vscode.EventEmitter<WorkerConnection>();
  #current: { readonly child: ChildProcess; readonly connection: WorkerConnection } | undefined;

  /** Fired for every end except by `dispose`. */
  readonly onDidEnd = this.#ended.event;
  /** Fired for each new child, so that listeners can subscribe to its events. */
  readonly onDidConnect = this.#connected.event;

  constructor(script: string, log: vscode.LogOutputChannel) {
    this.#script = script;
    this.#log = log;
  }

  get processId(): number | undefined {
    return this.#current?.child.pid;
  }

  get connection(): WorkerConnection {
    return (this.#current ?? this.#start()).connection;
  }

  dispose(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.connection.dispose();
    current?.child.kill();
    this.#ended.dispose();
    this.#connected.dispose();
  }

  #start(): { readonly child: ChildProcess; readonly connection: WorkerConnection } {
    const { memoryLimit } = readSettings();
    const child = fork(this.#script, [], {
      // In a desktop VS Code the executable is Electron, which runs as Node only with this variable.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' },
      execArgv: memoryLimit > 0 ? [`--max-old-space-size=${memoryLimit}`] : [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const connection: WorkerConnection = new MessageHandler((message) => {
      if (child.connected) child.send(message);
    }, {});
    const current = { child, connection };
    this.#current = current;
    this.#log.info(`worker ${child.pid ?? '?'} started: ${this.#script}`);
    lowerPriority(child, this.#log);
    child.on('message', (message) => connection.receive(message as Message));
    child.stdout?.on('data', (text: Buffer) => this.#log.debug(text.toString().trimEnd()));
    child.stderr?.on('data', (text: Buffer) => this.#log.warn(text.toString().trimEnd()));
    child.once('error', (error) => this.#end(current, vscode.l10n.t('The optimizer process could not be started: {0}', error.message)));
    child.once('exit', (code, signal) => this.#end(current, describeEnd(code, signal)));
    this.#connected.fire(connection);
    return current;
  }

  #end(current: { readonly connection: WorkerConnection }, message: string): void {
    if (this.#current !== current) return;
    this.#current = undefined;
    this.#log.error(message);
    const error = new WorkerEnded(message);
    current.connection.dispose(error);
    this.#ended.fire(error);
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL')
    return vscode.l10n.t(
      'The optimizer process was killed (SIGKILL), by the system if memory ran out. Finished nodes are kept; resume to go on.',
    );
  if (signal !== null) return vscode.l10n.t('The optimizer process was ended by {0}. Finished nodes are kept; resume to go on.', signal);
  return vscode.l10n.t('The optimizer process ended unexpectedly (exit code {0}). Finished nodes are kept; resume to go on.', code ?? '?');
}

/**
 * Lower priority keeps the editor responsive while models train. It is set before the worker starts threads, which
 * inherit it.
 */
function lowerPriority(child: ChildProcess, log: vscode.LogOutputChannel): void {
  if (child.pid === undefined || !readSettings().lowPriority) return;
  try {
    os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    log.debug(`the worker keeps its priority: ${String(error)}`);
  }
}
