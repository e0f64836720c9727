/** Where the time of long frames goes, from a trace of Chromium: the page's main thread, the browser's drawing, or waiting for a processor. */

/** Categories that `readFrameTrace` needs. */
export const traceCategories = ['toplevel', 'blink.user_timing', 'disabled-by-default-devtools.timeline'] as const;

export interface FrameTrace {
  /** What each task of the page's main thread took of the processor, in milliseconds. */
  readonly tasks: readonly number[];
  /** @param from, to in milliseconds since the mark */
  between(from: number, to: number): FrameShares;
}

/** Milliseconds of the processor, which other programs do not add to. */
export interface FrameShares {
  readonly page: number;
  /** Raster, compositor and display, which Chromium does on the processor where it has no graphics card. */
  readonly drawing: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** @param mark name of a `performance.mark` that the page has set while it was traced */
export function readFrameTrace(trace: Buffer, mark: string): FrameTrace {
  const { traceEvents }: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(trace.toString('utf8'));
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const isMain = ({ pid, tid }: TraceEvent): boolean => threads.some((thread) => pid === thread.pid && tid === thread.tid);
  const start = traceEvents.find(({ name }) => name === mark)?.ts ?? 0;
  const tasks = traceEvents.filter((event) => event.name === 'RunTask' && isMain(event));
  const drawing = traceEvents.filter(
    (event) => (event.name === 'ThreadControllerImpl::RunTask' || event.name === 'ThreadPool_RunTask') && !isMain(event),
  );
  return {
    tasks: tasks.map(({ tdur = 0 }) => tdur / 1000),
    between(from, to) {
      const total = (events: readonly TraceEvent[]): number =>
        events.filter(({ ts }) => ts >= start + from * 1000 && ts < start + to * 1000).reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0);
      return { page: total(tasks), drawing: total(drawing) };
    },
  };
}
