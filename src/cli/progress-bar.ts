import { type Terminal, visible } from './terminal.ts';

const barWidth = 30;

/** One line on a terminal, drawn over as work goes on; silent elsewhere, so that logs stay short. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #columns: () => number;
  #shown = '';

  constructor(terminal: Terminal, columns: () => number = () => process.stderr.columns || 80) {
    this.#terminal = terminal;
    this.#columns = columns;
  }

  /** @param fraction 0 to 1 */
  update(label: string, fraction: number): void {
    if (!this.#terminal.isInteractive) return;
    // A line that wraps could not be drawn over.
    const line = [...`${progressBar(fraction)} ${visible(label)}`].slice(0, this.#columns() - 1).join('');
    if (line === this.#shown) return;
    this.#draw(`\r\u001b[K${line}`);
    this.#shown = line;
  }

  #draw(text: string): void {
    if (this.#terminal.draw === undefined) this.#terminal.note(text);
    else this.#terminal.draw(text);
  }

  /** Leaves no trace. */
  clear(): void {
    if (this.#shown !== '') this.#draw('\r\u001b[K');
    this.#shown = '';
  }
}

export function progressBar(fraction: number, width = barWidth): string {
  const done = Math.min(1, Math.max(0, fraction));
  const filled = Math.round(done * width);
  return `[${'█'.repeat(filled)}${'·'.repeat(width - filled)}] ${String(Math.floor(done * 100)).padStart(3)}%`;
}
