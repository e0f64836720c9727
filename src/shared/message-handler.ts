/**
 * Requests, replies, progress and events between two ends of a channel: child process, webview, or two objects in a
 * test. An `Endpoint` lists the requests that an end serves and the events that it emits. Both ends use the same class.
 */
import { EspalierError, isEspalierError } from './errors.ts';
import type { ErrorCode } from './errors.ts';

export interface Endpoint {
  /** By method name. */
  readonly requests: Readonly<Record<string, { readonly parameters: object; readonly result: unknown }>>;
  /** By event name. */
  readonly events: Readonly<Record<string, object>>;
}

export interface ProtocolError {
  /** `internal` is a bug on the other end; every other code is an error for the user. */
  readonly code: ErrorCode | 'internal';
  readonly message: string;
  readonly where?: string | undefined;
  readonly fix?: string | undefined;
  readonly stack?: string | undefined;
}

export interface RequestProgress {
  readonly phase: string;
  /** 0 to 1. */
  readonly fraction: number;
}

/** A message on the channel: plain JSON. */
export type Message =
  | { readonly kind: 'request'; readonly id: number; readonly method: string; readonly parameters: object }
  | { readonly kind: 'reply'; readonly id: number; readonly outcome: { readonly ok: unknown } | { readonly error: ProtocolError } }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: RequestProgress }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'event'; readonly name: string; readonly payload: object };

export interface RequestContext {
  /** Aborted when the other end cancels the request or is gone. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RequestProgress) => void;
}

export type Handlers<E extends Endpoint> = {
  readonly [M in keyof E['requests']]: (
    parameters: E['requests'][M]['parameters'],
    context: RequestContext,
  ) => Promise<E['requests'][M]['result']>;
};

/** An end that serves no requests. */
export interface NoEndpoint extends Endpoint {
  readonly requests: Record<never, never>;
  readonly events: Record<never, never>;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((progress: RequestProgress) => void) | undefined;
}

export class MessageHandler<Local extends Endpoint, Remote extends Endpoint> {
  readonly #send: (message: Message) => void;
  readonly #handlers: Map<string, (parameters: object, context: RequestContext) => Promise<unknown>>;
  readonly #pending = new Map<number, Pending>();
  readonly #serving = new Map<number, AbortController>();
  readonly #listeners = new Map<string, Set<(payload: object) => void>>();
  #nextId = 1;
  #closed: Error | undefined;

  /** `send` puts a message on the channel; the owner passes what arrives to `receive`. */
  constructor(send: (message: Message) => void, handlers: Handlers<Local>) {
    this.#send = send;
    this.#handlers = new Map(Object.entries(handlers));
  }

  /** Rejects with the other end's error, or with `cancelled` when the signal aborts before the reply. */
  request<M extends keyof Remote['requests'] & string>(
    method: M,
    parameters: Remote['requests'][M]['parameters'],
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: RequestProgress) => void } = {},
  ): Promise<Remote['requests'][M]['result']> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    const { signal, onProgress } = options;
    const cancel = (): void => {
      if (this.#pending.has(id)) this.#send({ kind: 'cancel', id });
    };
    return new Promise<Remote['requests'][M]['result']>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
      this.#send({ kind: 'request', id, method, parameters });
      if (signal?.aborted === true) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    }).finally(() => signal?.removeEventListener('abort', cancel));
  }

  emit<N extends keyof Local['events'] & string>(name: N, payload: Local['events'][N]): void {
    if (this.#closed === undefined) this.#send({ kind: 'event', name, payload });
  }

  /** Returns the function that ends the subscription. */
  on<N extends keyof Remote['events'] & string>(name: N, listener: (payload: Remote['events'][N]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // The payload's type is the sender's promise, which the protocol version vouches for.
    const untyped = listener as (payload: object) => void;
    listeners.add(untyped);
    return () => listeners.delete(untyped);
  }

  receive(message: Message): void {
    switch (message.kind) {
      case 'request':
        void this.#serve(message.id, message.method, message.parameters);
        return;
      case 'cancel':
        this.#serving.get(message.id)?.abort();
        return;
      case 'progress':
        this.#pending.get(message.id)?.onProgress?.(message.progress);
        return;
      case 'event':
        for (const listener of this.#listeners.get(message.name) ?? []) listener(message.payload);
        return;
      case 'reply': {
        const pending = this.#pending.get(message.id);
        this.#pending.delete(message.id);
        if ('ok' in message.outcome) pending?.resolve(message.outcome.ok);
        else pending?.reject(fromProtocolError(message.outcome.error));
      }
    }
  }

  /** Call when the channel is closed: pending requests are rejected with the reason, requests in service are aborted. */
  dispose(reason: Error = new EspalierError('cancelled', 'the connection was closed')): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const pending of this.#pending.values()) pending.reject(reason);
    for (const controller of this.#serving.values()) controller.abort();
    this.#pending.clear();
    this.#serving.clear();
    this.#listeners.clear();
  }

  async #serve(id: number, method: string, parameters: object): Promise<void> {
    const handler = this.#handlers.get(method);
    const controller = new AbortController();
    this.#serving.set(id, controller);
    const outcome = await (handler === undefined
      ? Promise.resolve({
          error: { code: 'internal', message: `unknown request "${method}"; have: ${[...this.#handlers.keys()].join(', ')}` },
        } as const)
      : Promise.resolve()
          .then(() =>
            handler(parameters, {
              signal: controller.signal,
              onProgress: (progress) => {
                if (this.#serving.has(id)) this.#send({ kind: 'progress', id, progress });
              },
            }),
          )
          .then(
            (ok) => ({ ok }),
            (error: unknown) => ({ error: toProtocolError(error) }),
          ));
    this.#serving.delete(id);
    if (this.#closed === undefined) this.#send({ kind: 'reply', id, outcome });
  }
}

export function toProtocolError(error: unknown): ProtocolError {
  if (isEspalierError(error)) {
    return {
      code: error.code,
      message: error.message,
      where: error.where,
      fix: error.fix,
      stack: error.stack,
    };
  }
  if (error instanceof Error) return { code: 'internal', message: error.message, stack: error.stack };
  return { code: 'internal', message: String(error) };
}

/** An error that came over a channel; its message is complete as it arrived. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly code: ProtocolError['code'];
  readonly where: string | undefined;
  readonly fix: string | undefined;
  readonly remoteStack: string | undefined;

  constructor(error: ProtocolError) {
    super(error.message);
    this.code = error.code;
    this.where = error.where;
    this.fix = error.fix;
    this.remoteStack = error.stack;
  }
}

function fromProtocolError(error: ProtocolError): RemoteError {
  return new RemoteError(error);
}
