import { describe, expect, it } from 'vitest';
import { EspalierError } from '../../../src/shared/errors.ts';
import { MessageHandler } from '../../../src/shared/message-handler.ts';
import type { Endpoint, Message, NoEndpoint } from '../../../src/shared/message-handler.ts';

interface Calculator extends Endpoint {
  readonly requests: {
    readonly add: { readonly parameters: { readonly a: number; readonly b: number }; readonly result: number };
    readonly fail: { readonly parameters: object; readonly result: null };
    readonly wait: { readonly parameters: object; readonly result: string };
  };
  readonly events: { readonly added: { readonly sum: number } };
}

function connect() {
  const wire: Message[] = [];
  const server: MessageHandler<Calculator, NoEndpoint> = new MessageHandler<Calculator, NoEndpoint>(
    (message) => queueMicrotask(() => client.receive(copy(message))),
    {
      add: ({ a, b }) => {
        server.emit('added', { sum: a + b });
        return Promise.resolve(a + b);
      },
      fail: () => Promise.reject(new EspalierError('invalid-data', 'no images', { where: 'folder "x"', fix: 'add some' })),
      wait: (_, { signal, onProgress }) =>
        new Promise((resolve, reject) => {
          onProgress({ phase: 'waiting', fraction: 0.5 });
          signal.addEventListener('abort', () => reject(new EspalierError('cancelled', 'stopped waiting')));
          if (signal.aborted) resolve('too late');
        }),
    },
  );
  const client: MessageHandler<NoEndpoint, Calculator> = new MessageHandler<NoEndpoint, Calculator>((message) => {
    wire.push(message);
    queueMicrotask(() => server.receive(copy(message)));
  }, {});
  return { client, server, wire };
}

/** Everything must survive a channel of JSON. */
function copy(message: Message): Message {
  return JSON.parse(JSON.stringify(message));
}

describe('MessageHandler', () => {
  it('matches replies with requests by number', async () => {
    const { client } = connect();
    expect(await Promise.all([client.request('add', { a: 1, b: 2 }), client.request('add', { a: 10, b: 20 })])).toEqual([3, 30]);
  });

  it('carries an error with its code, place and remedy', async () => {
    await expect(connect().client.request('fail', {})).rejects.toMatchObject({
      code: 'invalid-data',
      where: 'folder "x"',
      fix: 'add some',
      message: 'folder "x": no images; add some',
    });
  });

  it('answers an unknown request with what there is', async () => {
    const { client, server, wire } = connect();
    const replies: Message[] = [];
    void client.request('add', { a: 0, b: 0 });
    expect(wire).toHaveLength(1);
    const lonely = new MessageHandler<NoEndpoint, NoEndpoint>((message) => replies.push(message), {});
    lonely.receive({ kind: 'request', id: 7, method: 'nothing', parameters: {} });
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(replies).toMatchObject([{ kind: 'reply', id: 7, outcome: { error: { code: 'internal' } } }]);
    server.dispose();
  });

  it('cancels a request through its signal and delivers progress before', async () => {
    const { client } = connect();
    const controller = new AbortController();
    const progress: unknown[] = [];
    const waiting = client.request(
      'wait',
      {},
      {
        signal: controller.signal,
        onProgress: (step) => {
          progress.push(step);
          controller.abort();
        },
      },
    );
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    expect(progress).toEqual([{ phase: 'waiting', fraction: 0.5 }]);
  });

  it('delivers events until the subscription ends', async () => {
    const { client } = connect();
    const sums: number[] = [];
    const stop = client.on('added', ({ sum }) => sums.push(sum));
    await client.request('add', { a: 1, b: 1 });
    stop();
    await client.request('add', { a: 2, b: 2 });
    expect(sums).toEqual([2]);
  });

  it('rejects what is pending, and what comes later, once the channel is gone', async () => {
    const { client } = connect();
    const waiting = client.request('wait', {});
    client.dispose(new Error('the child process ended'));
    await expect(waiting).rejects.toThrow('the child process ended');
    await expect(client.request('add', { a: 1, b: 1 })).rejects.toThrow('the child process ended');
  });
});
