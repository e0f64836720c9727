/**
 * A fake stage process: it speaks the protocol but trains nothing. The technique of the stage in `runStage` selects what it
 * does; what it received is in `log` of the outcome.
 */
let nextId = 1;
const pending = new Map();
let paused = 0;
let proceeded = 0;
let cancel;
const cancelled = new Promise((resolve) => (cancel = resolve));

const send = (message) => process.send(message);
const ask = (method, parameters) =>
  new Promise((resolve) => {
    const id = nextId++;
    pending.set(id, resolve);
    send({ kind: 'request', id, method, parameters });
  });

const outcome = (text) => ({
  files: { model: new Uint8Array(Buffer.from(text)), tflite: new Uint8Array([process.pid & 255]) },
  metrics: { process: process.pid, paused, proceeded },
  densities: [],
});

const actions = {
  async echo({ model, threads, processes, work }) {
    send({ kind: 'event', name: 'progress', payload: { phase: 'training', fraction: 0.5, training: undefined } });
    send({ kind: 'event', name: 'warning', payload: { message: 'a warning' } });
    return outcome(`${model} ${threads} ${processes} ${work.node.id}`);
  },
  async checkpoint() {
    const { bytes } = await ask('loadCheckpoint', {});
    await ask('saveCheckpoint', { bytes: Uint8Array.of(...(bytes ?? []), 7) });
    return outcome('checkpoint');
  },
  async statistics() {
    const { statistics } = await ask('loadStatistics', { key: 'ranges' });
    if (statistics === undefined) await ask('saveStatistics', { key: 'ranges', statistics: new Map([['relu', Float64Array.of(0, 0.1)]]) });
    return outcome(statistics === undefined ? 'measured' : `kept ${[...statistics.get('relu')].join()}`);
  },
  async quiet() {
    await ask('pauseOthers', {});
    send({ kind: 'event', name: 'warning', payload: { message: `quiet ${process.pid}` } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    send({ kind: 'event', name: 'warning', payload: { message: `loud ${process.pid}` } });
    await ask('resumeOthers', {});
    return outcome('quiet');
  },
  async quietThenDie() {
    await ask('pauseOthers', {});
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  },
  die: () => process.exit(3),
  async wait() {
    await cancelled;
    return outcome('cancelled');
  },
  refuse() {
    throw { code: 'diverged', message: 'the loss is not a number' };
  },
  crash() {
    throw { code: 'internal', message: 'a bug', stack: 'Error: a bug\n    at stage.ts:1' };
  },
};

const handlers = {
  runStage: (parameters) => actions[parameters.work.node.id.split('/').at(-1)](parameters),
  prepareSteps: async ({ threads }) => ({ timing: threads }),
  // Two threads are twice as fast, and each process beside it costs nothing.
  timeSteps: async ({ timing }) => ({ milliseconds: 8 / timing }),
  forgetSteps: async () => null,
  async pause() {
    paused++;
    return null;
  },
  async proceed() {
    proceeded++;
    return null;
  },
};

process.on('message', async (message) => {
  if (message.kind === 'reply') {
    pending.get(message.id)(message.outcome.ok);
    pending.delete(message.id);
  } else if (message.kind === 'cancel') cancel();
  else {
    const reply = await Promise.resolve()
      .then(() => handlers[message.method](message.parameters))
      .then(
        (ok) => ({ ok }),
        (error) => ({ error }),
      );
    send({ kind: 'reply', id: message.id, outcome: reply });
  }
});
process.on('disconnect', () => process.exit(0));
