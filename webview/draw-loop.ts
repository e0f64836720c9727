/**
 * Draws the page's parts without holding up the editor: what the user does is shown in the next frame, whole; what
 * streams in is shown some six times a second, and its parts take turns where one frame has no time for all of them.
 */
import type { PanelState, View } from './panel-state.ts';

const frameBudgetMilliseconds = 6;
const streamingPaceMilliseconds = 160;

export class DrawLoop {
  readonly #views: readonly View[];
  #state: PanelState | undefined;
  #urgent = false;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Index of the next view to draw; a pass draws each view once. */
  #next = 0;
  #passBegan = 0;
  /** The state changed during a pass. */
  #again = false;

  constructor(views: readonly View[]) {
    this.#views = views;
  }

  /** `urgent` for what the user did. */
  show(state: PanelState, urgent: boolean): void {
    this.#state = state;
    this.#urgent ||= urgent;
    if (this.#frame !== undefined) {
      this.#again = true;
      return;
    }
    if (urgent) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#request();
      return;
    }
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#request();
      },
      Math.max(0, this.#passBegan + streamingPaceMilliseconds - performance.now()),
    );
  }

  #request(): void {
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = undefined;
    const state = this.#state;
    if (state === undefined) return;
    const began = performance.now();
    if (this.#urgent) this.#next = 0;
    if (this.#next === 0) {
      this.#passBegan = began;
      this.#again = false;
    }
    const whole = this.#urgent;
    this.#urgent = false;
    do {
      this.#views[this.#next]?.update(state);
      this.#next += 1;
    } while (this.#next < this.#views.length && (whole || performance.now() - began < frameBudgetMilliseconds));
    if (this.#next < this.#views.length) {
      this.#request();
      return;
    }
    this.#next = 0;
    if (this.#again) this.show(state, this.#urgent);
  }
}
