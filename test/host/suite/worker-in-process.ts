import * as vscode from 'vscode';
import type { RunningWorker, WorkerConnection, WorkerEnded } from '../../../src/extension/child-process/worker-process.ts';
import { MessageHandler } from '../../../src/shared/message-handler.ts';
import type { Handlers } from '../../../src/shared/message-handler.ts';
import type { HostProtocol, WorkerProtocol } from '../../../src/shared/protocol.ts';

const refuse = (): Promise<never> => Promise.reject(new Error('not scripted'));

const unscripted: Handlers<WorkerProtocol> = {
  ping: refuse,
  startRun: refuse,
  resumeRun: refuse,
  cancelRun: refuse,
  readRun: refuse,
  negativeFlips: refuse,
  listRuns: refuse,
  clean: refuse,
  checkRecipe: refuse,
  filesOutside: refuse,
  writeRecipe: refuse,
  estimateRun: refuse,
  inspect: refuse,
  openInputs: refuse,
  convert: refuse,
  evaluate: refuse,
  sensitivity: refuse,
  deploy: refuse,
  certify: refuse,
  report: refuse,
  createExample: refuse,
};

export interface WorkerInProcess {
  /** For the classes that are tested. */
  readonly worker: RunningWorker;
  /** The worker's own end: what it announces. */
  readonly end: MessageHandler<WorkerProtocol, HostProtocol>;
}

/** A worker in this process, so that a test sees every request and decides when each event comes. */
export function workerInProcess(handlers: Partial<Handlers<WorkerProtocol>>): WorkerInProcess {
  const connected = new vscode.EventEmitter<WorkerConnection>();
  const ended = new vscode.EventEmitter<WorkerEnded>();
  const end = new MessageHandler<WorkerProtocol, HostProtocol>((message) => connection.receive(message), {
    ...unscripted,
    ...handlers,
  });
  const connection: WorkerConnection = new MessageHandler((message) => end.receive(message), {});
  let announced = false;
  return {
    end,
    worker: {
      get connection() {
        if (!announced) connected.fire(connection);
        announced = true;
        return connection;
      },
      onDidConnect: connected.event,
      onDidEnd: ended.event,
    },
  };
}
