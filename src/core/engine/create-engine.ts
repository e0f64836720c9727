import { availableParallelism } from 'node:os';
import { EspalierError, firstLineOf, isEspalierError, unreachable } from '../errors.ts';
import { createProgramBuilder } from '../program/builder.ts';
import type { Engine } from './engine.ts';
import { loadOnnxRuntimeNode, loadOnnxRuntimeWeb } from './onnxruntime/load-onnxruntime.ts';
import { createOnnxRuntimeEngine } from './onnxruntime/onnxruntime-engine.ts';
import { createTfjsEngine } from './tfjs/tfjs-engine.ts';
import { loadTfjs } from './tfjs/load-tfjs.ts';

/** How to choose an engine; every field has a default. */
export interface EngineOptions {
  /** `auto`, the default, takes the fastest that works here: native, then WebAssembly, then tfjs. */
  readonly name?: 'auto' | Engine['name'];
  /** All cores by default; see `chooseThreads`. Results are bit-identical from run to run only at one number of threads. */
  readonly threads?: number | undefined;
  /** `cpu`, the default, or an execution provider of onnxruntime: `webgpu`, `dml`, `coreml`, `cuda`. */
  readonly provider?: string | undefined;
  /** Called with the reason when another engine or provider is used than the one asked for, or than the fastest. */
  readonly onNotice?: (message: string) => void;
}

const providers = ['cpu', 'webgpu', 'dml', 'coreml', 'cuda'];

/**
 * An engine that has run a first small program, so that it is known to work on this machine.
 *
 * @throws EspalierError `engine` when the named engine, or under `auto` every engine, does not work here;
 * `invalid-argument` for an unknown provider or a number of threads that is not a positive integer. A provider that is
 * known but not there gives a notice, and the CPU is used.
 *
 * @example `const engine = await createEngine({ threads: 2, onNotice: (message) => log.info(message) });`
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const { name = 'auto', threads = availableParallelism(), provider = 'cpu', onNotice = () => undefined } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new EspalierError('invalid-argument', `${threads} threads`, {
      where: 'engine',
      fix: `give a whole number from 1 to ${availableParallelism()}`,
    });
  checkProviderName(provider);
  if (name !== 'auto') return createNamed(name, threads, provider, onNotice);

  const failures: string[] = [];
  for (const candidate of ['onnxruntime-node', 'onnxruntime-web', 'tfjs'] as const) {
    try {
      const engine = await createNamed(candidate, threads, provider, onNotice);
      if (failures.length > 0) onNotice(`training runs on ${engine.description}: ${failures.join('; ')}`);
      return engine;
    } catch (error) {
      failures.push(`${candidate} does not work here (${messageOf(error)})`);
    }
  }
  throw new EspalierError('engine', `no engine works here: ${failures.join('; ')}`, {
    fix: 'install the packages again, on Node 20 or later',
  });
}

/**
 * The engine that other machines will have, which this one need not be able to use: a login node has no GPU. Which engine
 * works is tried here on the CPU; the description names the provider that it will have there.
 *
 * @throws EspalierError as `createEngine`
 */
export async function planEngine(options: EngineOptions): Promise<Pick<Engine, 'name' | 'description' | 'threads'>> {
  const { provider = 'cpu' } = options;
  checkProviderName(provider);
  const { name, description, threads } = await createEngine({ ...options, provider: 'cpu' });
  return { name, threads, description: description.replace('(cpu,', `(${provider},`) };
}

function checkProviderName(provider: string): void {
  if (providers.includes(provider)) return;
  throw new EspalierError('invalid-argument', `there is no execution provider "${provider}"`, {
    where: 'engine',
    fix: `choose one of ${providers.join(', ')}`,
  });
}

async function createNamed(name: Engine['name'], threads: number, provider: string, onNotice: (message: string) => void): Promise<Engine> {
  if (provider !== 'cpu') {
    try {
      return await tried(await load(name, threads, provider));
    } catch (error) {
      onNotice(
        `the execution provider "${provider}" is not available in ${name} on this machine (${messageOf(error)}); the CPU is used instead`,
      );
    }
  }
  try {
    return await tried(await load(name, threads, 'cpu'));
  } catch (error) {
    throw new EspalierError('engine', `${name} does not work on this machine: ${messageOf(error)}`, {
      fix: 'choose "auto" or another engine in the settings',
      cause: error,
    });
  }
}

async function load(name: Engine['name'], threads: number, provider: string): Promise<Engine> {
  const description = (version: string | undefined): string =>
    `${name} ${version ?? ''} (${provider}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;
  switch (name) {
    case 'onnxruntime-node': {
      const runtime = loadOnnxRuntimeNode();
      // Asked first, since the runtime drops a provider it does not know without an error.
      const supported = runtime.listSupportedBackends().map((backend) => backend.name);
      if (!supported.includes(provider)) throw new Error(`this build has ${supported.join(', ')}`);
      return createOnnxRuntimeEngine({
        name,
        runtime,
        threads,
        provider,
        description: description(runtime.env.versions.node),
        contributed: true,
      });
    }
    case 'onnxruntime-web': {
      if (provider !== 'cpu') throw new Error('under Node this build has only the CPU');
      const runtime = loadOnnxRuntimeWeb(threads);
      return createOnnxRuntimeEngine({
        name,
        runtime,
        threads,
        provider,
        description: description(runtime.env.versions.web),
        contributed: true,
      });
    }
    case 'tfjs': {
      if (provider !== 'cpu') throw new Error('tfjs has no execution providers');
      const { tf, backend } = await loadTfjs();
      return createTfjsEngine(tf, `tfjs ${tf.version.tfjs} (${backend})`, backend === 'cpu' ? 1 : threads);
    }
    default:
      return unreachable(name);
  }
}

/** Runs a first product: missing CPU instructions, libraries and devices show only when something is run. */
async function tried(engine: Engine): Promise<Engine> {
  const builder = createProgramBuilder();
  const x = builder.input('x', [2, 3]);
  const program = await engine.compile(builder.build({ y: builder.matmul(x, x, { transposeB: true }) }));
  const { y } = await program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) });
  await program.dispose();
  if (y === undefined || [...y].join() !== '14,32,32,77') throw new Error('a first product came out wrong');
  return engine;
}

function messageOf(error: unknown): string {
  // Without place and remedy: the sentence around it has both.
  return firstLineOf(isEspalierError(error) ? error.what : error);
}
