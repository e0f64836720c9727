/** Where a command writes: results on standard output, everything else on standard error. */
export interface Terminal {
  print(text: string): void;
  note(text: string): void;
  /** Standard error is a terminal, on which a line can be drawn over. */
  readonly isInteractive: boolean;
}

export const processTerminal: Terminal = {
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(text),
  isInteractive: process.stderr.isTTY,
};

/** The versioned JSON of `--json`, alone on standard output. */
export function printJson<T extends { readonly version: number }>(terminal: Terminal, value: T): void {
  terminal.print(JSON.stringify(value, undefined, 2));
}

export function printWarnings(terminal: Terminal, warnings: readonly string[]): void {
  for (const warning of warnings) terminal.note(`warning: ${warning}\n`);
}
