/** Entry of a process that runs stages for the worker. It ends when the worker does. */
import type { Message } from '../../shared/message-handler.ts';
import { MessageHandler } from '../../shared/message-handler.ts';
import { createStageHandlers } from './stage-handlers.ts';
import type { ThreadScripts } from './stage-handlers.ts';
import type { StageHostProtocol, StageProtocol } from './stage-protocol.ts';

const ignoreFailure = (): void => undefined;

export function serveStages(scripts: ThreadScripts): void {
  const handler: MessageHandler<StageProtocol, StageHostProtocol> = new MessageHandler<StageProtocol, StageHostProtocol>(
    (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, ignoreFailure);
    },
    createStageHandlers(() => handler, scripts),
  );
  process.on('message', (message: Message) => handler.receive(message));
  // Checkpoints are stored by the worker, so there is nothing to wait for.
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C is sent to the whole process group; the parent of the worker handles it.
  process.on('SIGINT', ignoreFailure);
}
