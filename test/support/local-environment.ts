import { LocalExecutor } from '../../src/execution/local/local-executor.ts';
import type { Environment } from '../../src/core/tree/environment.ts';

/** Of a session in this process alone, that knows of no other process. */
export const localEnvironment: Environment = {
  espalier: '0',
  code: '0',
  threadScript: undefined,
  self: { process: process.pid },
  isAlive: () => false,
  localExecutor: (stages) => new LocalExecutor(stages),
};
