import type { Browser, Page } from 'playwright-core';

export interface Server {
  readonly port: number;
  readonly dataFolder: string;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly settings?: object;
  readonly vsix?: string;
  readonly arguments?: readonly string[];
  readonly environment?: object;
  /** Whether folders are untrusted until the user trusts them. */
  readonly asksForTrust?: boolean;
  /** Whether the editor's driver for smoke tests runs, which the suite of the extension host needs; it hides all notifications. */
  readonly isDriven?: boolean;
}

export interface WindowOptions {
  readonly port: number;
  /** Without folder and workspace the window is empty. */
  readonly folder?: string | undefined;
  /** A `.code-workspace` file. */
  readonly workspace?: string | undefined;
  readonly payload?: readonly (readonly [string, string])[];
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly language?: string;
}

export function startServer(options?: ServerOptions): Promise<Server>;
export function openWindow(options: WindowOptions): Promise<{ readonly browser: Browser; readonly page: Page; readonly url: string }>;
export function remotePath(port: number, file: string): string;
