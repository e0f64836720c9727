/** Messages between the page of the board of runs and the extension host, over `MessageHandler`. */
import type { BoardRun } from './drawing/run-board.ts';
import type { RunEvent } from './events.ts';
import type { Endpoint, NoEndpoint } from './message-handler.ts';

export interface BoardContents {
  readonly runs: readonly BoardRun[];
  /** Keys of runs to compare at once. */
  readonly compared: readonly string[];
}

export interface ComparedRun {
  readonly key: string;
  readonly name: string;
  readonly events: readonly RunEvent[];
  /** The recipe that was run, as JSON. */
  readonly recipe: unknown;
}

export interface BoardHost extends Endpoint {
  readonly requests: {
    readonly ready: { readonly parameters: object; readonly result: BoardContents };
    readonly annotate: { readonly parameters: { readonly run: string; readonly note: string }; readonly result: null };
    /** Without a run none is pinned. */
    readonly pin: { readonly parameters: { readonly run?: string | undefined }; readonly result: null };
    readonly compare: {
      readonly parameters: { readonly runs: readonly string[] };
      readonly result: { readonly runs: readonly ComparedRun[] };
    };
    readonly open: { readonly parameters: { readonly run: string }; readonly result: null };
  };
  readonly events: { readonly changed: BoardContents };
}

export type BoardPage = NoEndpoint;
