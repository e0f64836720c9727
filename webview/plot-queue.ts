/** Draws visible plots, one or two a frame: a chart takes longer than any other part of the page. */
const frameBudgetMilliseconds = 4;

const waiting = new Set<() => void>();
let frame: number | undefined;

function draw(): void {
  frame = undefined;
  const began = performance.now();
  for (const plot of waiting) {
    waiting.delete(plot);
    plot();
    if (performance.now() - began > frameBudgetMilliseconds) break;
  }
  if (waiting.size > 0) frame = requestAnimationFrame(draw);
}

function enqueue(plot: () => void): void {
  waiting.add(plot);
  frame ??= requestAnimationFrame(draw);
}

export interface QueuedPlot {
  /** Draws as soon as there is time and the element is in sight. */
  request(): void;
  dispose(): void;
}

export function queuePlot(element: Element, plot: () => void): QueuedPlot {
  let inSight = false;
  let wanted = false;
  const observer = new IntersectionObserver(
    (entries) => {
      inSight = entries.at(-1)?.isIntersecting === true;
      if (inSight && wanted) request();
    },
    // A little before it scrolls into sight.
    { rootMargin: '200px' },
  );
  const request = (): void => {
    wanted = !inSight;
    if (inSight) enqueue(plot);
  };
  observer.observe(element);
  return {
    request,
    dispose() {
      observer.disconnect();
      waiting.delete(plot);
    },
  };
}
