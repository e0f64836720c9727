/** Messages between the page of a model's sensitivity and the extension host, over `MessageHandler`. */
import type { Endpoint, NoEndpoint } from './message-handler.ts';
import type { SensitivityReport } from './sensitivity.ts';

export interface SensitivityHost extends Endpoint {
  readonly requests: {
    readonly ready: { readonly parameters: object; readonly result: SensitivityReport };
    readonly copy: { readonly parameters: { readonly text: string }; readonly result: null };
  };
}

export type SensitivityPage = NoEndpoint;
