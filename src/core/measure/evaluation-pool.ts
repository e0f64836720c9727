/**
 * Evaluation threads, kept for the next file: starting one costs more than a small network needs for ten thousand
 * examples, and the nodes of a tree are measured one after another.
 */
import { ThreadHandle } from './thread-handle.ts';

const idleSeconds = 60;

interface Idle {
  readonly thread: ThreadHandle;
  readonly script: string;
  readonly timer: NodeJS.Timeout;
}

let idle: readonly Idle[] = [];

/** Threads that could start at once. */
export function readyThreads(script: string | URL): number {
  return idle.filter((entry) => entry.script === String(script) && entry.thread.isReady).length;
}

/**
 * Threads with the model loaded, whose `outputs` are measured; return them with `returnThreads`.
 *
 * @throws EspalierError `runtime` when one does not start or refuses the model
 */
export async function borrowThreads(
  script: string | URL,
  count: number,
  bytes: Uint8Array,
  outputs: readonly number[],
): Promise<readonly ThreadHandle[]> {
  const threads = Array.from({ length: count }, () => take(String(script)) ?? new ThreadHandle(script));
  try {
    await Promise.all(
      threads.map(async (thread) => {
        thread.holdProcess(true);
        await thread.ready;
        await thread.loadModel(bytes, outputs);
      }),
    );
    return threads;
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.stop()));
    throw error;
  }
}

/** A thread with unfinished work is ended. */
export async function returnThreads(script: string | URL, threads: readonly ThreadHandle[]): Promise<void> {
  for (const thread of threads) {
    if (thread.isReusable) keep(thread, String(script));
    else await thread.stop();
  }
}

function take(script: string): ThreadHandle | undefined {
  const entries = idle.filter((entry) => entry.script === script);
  const entry = entries.find(({ thread }) => thread.isReady) ?? entries[0];
  if (entry === undefined) return undefined;
  idle = idle.filter((other) => other !== entry);
  clearTimeout(entry.timer);
  return entry.thread;
}

function keep(thread: ThreadHandle, script: string): void {
  thread.holdProcess(false);
  const timer = setTimeout(() => {
    idle = idle.filter((entry) => entry.thread !== thread);
    void thread.stop();
  }, idleSeconds * 1000).unref();
  idle = [...idle, { thread, script, timer }];
}
