/**
 * Draws the page's parts without holding up the editor. What the user does is shown in the next frame by every part in
 * sight. What streams in is shown some six times a second by the parts in sight, and once a second by the others. Parts
 * take turns where one frame has no time for all of them.
 */
import type { PanelState, View } from './panel-state.ts';

/** Of scripts: what they change is then laid out and painted, which takes two to three times as long. */
const frameBudgetMilliseconds = 4;
const paceMilliseconds = { inSight: 160, others: 1_000 } as const;

export class DrawLoop {
  readonly #views: readonly View[];
  readonly #inSight = new Set<View>();
  /** Parts that do not show the state yet. */
  readonly #stale = new Set<View>();
  /** Parts that have shown nothing yet. */
  readonly #empty: Set<View>;
  readonly #onFilled: () => void;
  /** Parts that the current pass has still to draw. */
  #turns: View[] = [];
  /** What the first of them has drawn a part of. */
  #begun: PanelState | undefined;
  #state: PanelState | undefined;
  #urgent = false;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drawnAt = { inSight: 0, others: 0 };

  /** @param onFilled is called once, when every part has been drawn */
  constructor(views: readonly View[], onFilled: () => void) {
    this.#views = views;
    this.#empty = new Set(views);
    this.#onFilled = onFilled;
    const byElement = new Map<Element, View>(views.map((view) => [view.element, view]));
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const view = byElement.get(target);
        if (view === undefined) continue;
        if (!isIntersecting) this.#inSight.delete(view);
        else {
          this.#inSight.add(view);
          if (this.#stale.has(view)) this.#hurry();
        }
      }
    });
    for (const element of byElement.keys()) observer.observe(element);
  }

  /** `urgent` for what the user did. */
  show(state: PanelState, urgent: boolean): void {
    this.#state = state;
    for (const view of this.#views) this.#stale.add(view);
    if (urgent) this.#hurry();
    else this.#wait();
  }

  #hurry(): void {
    this.#urgent = true;
    this.#request();
  }

  /** Until the next parts are due; those that are being drawn come first. */
  #wait(): void {
    if (this.#frame !== undefined || this.#timer !== undefined || this.#stale.size === 0) return;
    const due = [...this.#stale].map((view) => this.#dueAt(view));
    this.#timer = setTimeout(() => this.#request(), Math.max(0, Math.min(...due) - performance.now()));
  }

  #dueAt(view: View): number {
    const kind = this.#inSight.has(view) ? 'inSight' : 'others';
    return this.#drawnAt[kind] + paceMilliseconds[kind];
  }

  #request(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = undefined;
    const state = this.#state;
    if (state === undefined) return;
    const began = performance.now();
    const isUrgent = this.#urgent;
    this.#urgent = false;
    if (isUrgent || this.#turns.length === 0) this.#beginPass(began, isUrgent);
    for (let view = this.#turns[0]; view !== undefined; view = this.#turns[0]) {
      const isNeededNow = isUrgent && this.#begun === undefined && this.#inSight.has(view);
      if (!isNeededNow && performance.now() - began >= frameBudgetMilliseconds) break;
      this.#drawPart(view, state);
    }
    if (this.#turns.length > 0) this.#request();
    else this.#wait();
  }

  #drawPart(view: View, state: PanelState): void {
    if (this.#begun === undefined) {
      this.#begun = state;
      view.update(state);
    } else if (view.drawMore?.() === true) return;
    else {
      // What came meanwhile waits for the next pass.
      if (this.#begun === this.#state) this.#stale.delete(view);
      this.#begun = undefined;
      this.#turns.shift();
      if (this.#empty.delete(view) && this.#empty.size === 0) this.#onFilled();
    }
  }

  #beginPass(now: number, isUrgent: boolean): void {
    const areOthersDue = isUrgent || now >= this.#drawnAt.others + paceMilliseconds.others;
    const [inSight, others] = [true, false].map((wanted) =>
      this.#views.filter((view) => this.#stale.has(view) && this.#inSight.has(view) === wanted),
    );
    this.#drawnAt = { inSight: now, others: areOthersDue ? now : this.#drawnAt.others };
    this.#turns = [...(inSight ?? []), ...(areOthersDue ? (others ?? []) : [])];
    this.#begun = undefined;
  }
}
