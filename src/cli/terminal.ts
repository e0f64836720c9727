/** Where a command writes: results on standard output, everything else on standard error. */
export interface Terminal {
  print(text: string): void;
  note(text: string): void;
  /** Standard error as it is, with the control sequences that draw over lines; without it `note` does. */
  readonly draw?: (text: string) => void;
  /** Standard error is a terminal, on which a line can be drawn over. */
  readonly isInteractive: boolean;
}

/** Names come from files: their control characters are shown, not obeyed. Lines and tabs stay. */
export function visible(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

export const processTerminal: Terminal = {
  print: (text) => void process.stdout.write(`${visible(text)}\n`),
  note: (text) => void process.stderr.write(visible(text)),
  draw: (text) => void process.stderr.write(text),
  isInteractive: process.stderr.isTTY,
};

/** The versioned JSON of `--json`, alone on standard output. */
export function printJson<T extends { readonly version: number }>(terminal: Terminal, value: T): void {
  terminal.print(JSON.stringify(value, undefined, 2));
}

export function printWarnings(terminal: Terminal, warnings: readonly string[]): void {
  for (const warning of warnings) terminal.note(`warning: ${warning}\n`);
}
