/** Messages between the page of the result panel and the extension host, over `MessageHandler`. */
import type { EarlierTimes } from './drawing/time-left.ts';
import type { RunEvent } from './events.ts';
import type { NegativeFlips, NotRecorded } from './negative-flips.ts';
import type { Targets } from './recipe/targets.ts';
import type { Endpoint, NoEndpoint } from './message-handler.ts';

/** State of the run; an `interrupted` run can be resumed. */
export type PanelActivity = 'queued' | 'running' | 'interrupted' | 'ended';

export interface PanelStatus {
  readonly activity: PanelActivity;
  /** What the user should know, such as why the child process ended. */
  readonly notice: string | undefined;
  /** Undefined until the run has one. */
  readonly runFolder: string | undefined;
}

export interface PanelContents {
  readonly title: string;
  readonly events: readonly RunEvent[];
  readonly status: PanelStatus;
  readonly targets: Targets;
  /** What nodes took in an earlier run. */
  readonly earlier?: EarlierTimes | undefined;
  /** What was chosen before the page was there. */
  readonly selected?: NodeOfModel | undefined;
}

/** A node by its id, of the model of this name. */
export interface NodeOfModel {
  readonly model: string;
  readonly node: string;
}

/** Buttons of the page that the host acts on. */
export type PanelCommand =
  | 'cancel'
  | 'resume'
  | 'run-again'
  | 'run-failed-again'
  | 'show-in-recipe'
  | 'open-recipe'
  | 'export-report'
  | 'open-tflite'
  | 'save-tflite'
  | 'export-for'
  | 'copy-tflite-path'
  | 'reveal-tflite'
  | 'show-log';

export interface PanelHost extends Endpoint {
  readonly requests: {
    /** The page is loaded or reloaded: it shows what the answer and the events after it contain. */
    readonly ready: { readonly parameters: object; readonly result: PanelContents };
    /** Of a node that has ended. */
    readonly negativeFlips: { readonly parameters: NodeOfModel; readonly result: NegativeFlips | NotRecorded };
    readonly copy: { readonly parameters: { readonly text: string }; readonly result: null };
    readonly act: {
      readonly parameters: { readonly command: PanelCommand; readonly model?: string | undefined; readonly node?: string | undefined };
      readonly result: null;
    };
  };
  readonly events: {
    readonly appended: { readonly events: readonly RunEvent[] };
    readonly status: PanelStatus;
    readonly select: NodeOfModel;
  };
}

export type PanelPage = NoEndpoint;

/** What the page remembers when it is hidden, reloaded or restored; the run itself is read again. */
export interface PanelMemory {
  readonly runFolder?: string | undefined;
  readonly recipe: string;
  readonly model?: string | undefined;
  readonly node?: string | undefined;
  readonly kernel?: string | undefined;
}
