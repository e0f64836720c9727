/** The child process: the core behind the protocol, or with an argument a process that runs its stages. It ends when its parent does. */
import type { Message } from '../shared/message-handler.ts';
import { MessageHandler } from '../shared/message-handler.ts';
import type { HostProtocol, WorkerProtocol } from '../shared/protocol.ts';
import { collectLessOften } from './collect-less-often.ts';
import { environment } from './environment.ts';
import { createHandlers } from './handlers.ts';
import { Runs } from './runs.ts';
import { JOB_ARGUMENT, runJob } from '../execution/job/run-job.ts';
import { STAGE_ARGUMENT } from '../execution/local/stage-child.ts';
import { serveStages } from '../execution/local/stage-process.ts';

/** A message to a parent that has ended fails; `disconnect` follows. */
const ignoreFailure = (): void => undefined;

function main(): void {
  if (process.send === undefined) {
    process.stderr.write('this is the worker of espalier: it is started by the extension or the command line, not by hand\n');
    process.exitCode = 2;
    return;
  }
  const send = (message: Message): void => {
    if (process.connected) process.send?.(message, undefined, undefined, ignoreFailure);
  };
  const runs = new Runs(
    (runId, event) => handler.emit('run', { runId, event }),
    // A bug: crash, so that the parent reports it with the last event.
    (error) => {
      setImmediate(() => {
        throw error;
      });
    },
  );
  const handler: MessageHandler<WorkerProtocol, HostProtocol> = new MessageHandler<WorkerProtocol, HostProtocol>(
    send,
    createHandlers(runs),
  );
  process.on('message', (message: Message) => handler.receive(message));
  process.on('disconnect', () => {
    handler.dispose();
    // Stages and checkpoints are stored as they are made, so there is nothing to wait for.
    process.exit(0);
  });
  // Ctrl-C is sent to the whole process group; the parent handles it.
  process.on('SIGINT', () => undefined);
}

/** Of a scheduler: its exit code says whether there is a result for the jobs that come from it. */
function job([requestFile = '', index = '']: readonly string[]): void {
  runJob(requestFile, Number(index), environment()).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
}

collectLessOften();
if (process.argv[2] === STAGE_ARGUMENT) serveStages(environment());
else if (process.argv[2] === JOB_ARGUMENT) job(process.argv.slice(3));
else main();
