import type * as OnnxRuntime from 'onnxruntime-common';
import { blockBytesOfThread } from '../../program/channel-regions.ts';
import { optimize } from '../../program/optimize.ts';
import type { ElementType, Program, Tensor } from '../../program/program.ts';
import { elements } from '../../program/shapes.ts';
import { EspalierError, firstLineOf, unreachable } from '../../errors.ts';
import type { CompiledProgram, Engine, TensorData, Tensors } from '../engine.ts';
import { findChannelBlock, smallestChannelBlock } from './channel-block.ts';
import { hasBlocks } from './nodes/blocked-convolutions.ts';
import { freeCopies } from './free-copies.ts';
import { encodeProgram, inputName, outputName } from './onnx-program.ts';
import { type ProviderGap, providerGaps } from './provider-gaps.ts';

/** A loaded onnxruntime and how its sessions run. */
export interface OnnxRuntimeEngineOptions {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web';
  readonly runtime: typeof OnnxRuntime;
  readonly threads: number;
  /** An execution provider of the runtime, with the CPU behind it for what it does not have. */
  readonly provider: string;
  readonly description: string;
  /** Whether the runtime has the operators of `com.microsoft`. */
  readonly contributed: boolean;
  /** Other than those of the provider. */
  readonly gaps?: ReadonlySet<ProviderGap> | undefined;
  /** Other than the default: see `channelRegions`. */
  readonly blockBytes?: number | undefined;
  /** With it, each session writes the time of every node to a file when it is disposed of: the start of the files' paths. */
  readonly profile?: string;
}

/** An engine over onnxruntime: each program is optimized, encoded as ONNX, and run as one session. */
export function createOnnxRuntimeEngine(options: OnnxRuntimeEngineOptions): Engine {
  const { name, description, threads } = options;
  return { name, description, threads, compile: (program) => compileProgram(optimize(program), options) };
}

async function compileProgram(program: Program, options: OnnxRuntimeEngineOptions): Promise<CompiledProgram> {
  const channelBlock = await channelBlockFor(program, options);
  const session = await createSession(
    encodeProgram(program, {
      contributed: options.contributed,
      channelBlock,
      gaps: options.gaps ?? providerGaps(options.provider),
      blockBytes: blockBytesOf(options),
    }),
    options,
  );
  const inputs = program.instructions.flatMap((instruction) => (instruction.op === 'input' ? [instruction] : []));
  const sets = [outputSet(program, options), outputSet(program, options)] as const;
  let runs = 0;
  return {
    run: async (given) => {
      const feeds = Object.fromEntries(inputs.map(({ name, output }) => [inputName(name), feed(name, output, given[name], options)]));
      const set = sets[runs++ % 2 === 0 ? 0 : 1];
      try {
        if (options.name === 'onnxruntime-node') freeCopies(await session.run(feeds, set.fetches), set.fetches);
        else copyOutputs(await session.run(feeds, Object.keys(set.fetches)), set.data);
      } catch (error) {
        throw runFailure(error, options);
      }
      return set.data;
    },
    dispose: () => {
      if (options.profile !== undefined) session.endProfiling();
      return session.release();
    },
  };
}

/** Found out only where a program has convolutions that blocks are for. */
async function channelBlockFor(
  { instructions }: Program,
  { runtime, name, provider }: OnnxRuntimeEngineOptions,
): Promise<number | undefined> {
  if (name !== 'onnxruntime-node' || provider !== 'cpu') return undefined;
  const usable = instructions.some(
    (instruction) =>
      (instruction.op === 'conv2d' || instruction.op === 'convTranspose2d') &&
      hasBlocks(instruction.filter.shape, instruction.groups, smallestChannelBlock),
  );
  return usable ? findChannelBlock(runtime) : undefined;
}

/** Blocks are for the caches of processors: a GPU computes a large tensor at once. */
function blockBytesOf({ provider, threads, blockBytes = blockBytesOfThread }: OnnxRuntimeEngineOptions): number {
  return provider === 'cpu' ? blockBytes * threads : Number.POSITIVE_INFINITY;
}

async function createSession(
  model: Uint8Array,
  { runtime, name, provider, threads, profile }: OnnxRuntimeEngineOptions,
): Promise<OnnxRuntime.InferenceSession> {
  const cpu = name === 'onnxruntime-web' ? 'wasm' : 'cpu';
  try {
    return await runtime.InferenceSession.create(model, {
      executionProviders: provider === 'cpu' ? [cpu] : [provider, cpu],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Without the arena a step allocates each activation anew, which costs half as much again.
      enableCpuMemArena: true,
      // A pattern is one block for all activations, which the second run takes beside the arena of the first: 1.3 to 1.7
      // times the peak for no time (docs/performance.md).
      enableMemPattern: false,
      ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
      extra: {
        session: {
          // Spinning threads take the cores from the data workers and from the editor.
          intra_op: { allow_spinning: '0' },
          // Fake quantization must stay float arithmetic: the runtime would fuse it to int8 kernels.
          disable_quant_qdq: '1',
        },
      },
    });
  } catch (error) {
    throw new EspalierError('engine', `${name} could not prepare the program: ${error instanceof Error ? error.message : String(error)}`, {
      fix: 'choose another engine ("tfjs" or "onnxruntime-web") in the settings, or a smaller batch size if memory ran out',
      cause: error,
    });
  }
}

/** As the runtime's allocators and those of its providers say it. */
const outOfMemory = /bad_alloc|fail\w* to allocate|out of memory|not enough memory|memory allocation/i;

/** A GPU has less memory than the machine, by which steps are split; and a provider may fail at an operator when it is run. */
function runFailure(error: unknown, { name, provider }: OnnxRuntimeEngineOptions): EspalierError {
  const reason = firstLineOf(error);
  const where = `${name} (${provider})`;
  const other = provider === 'cpu' ? '' : ', or choose the provider "cpu"';
  return outOfMemory.test(reason)
    ? new EspalierError('out-of-memory', `memory ran out while the program ran: ${reason}`, {
        where,
        fix: `close other programs, take a smaller batch size${other}`,
        cause: error,
      })
    : new EspalierError('engine', `the program failed as it ran: ${reason}`, {
        where,
        fix: `choose another engine ("tfjs" or "onnxruntime-web") in the settings${other}`,
        cause: error,
      });
}

interface OutputSet {
  readonly fetches: Record<string, OnnxRuntime.Tensor>;
  readonly data: Tensors;
}

/** Arrays that the runtime writes outputs into, so that a run neither allocates nor copies them. */
function outputSet(program: Program, { runtime }: OnnxRuntimeEngineOptions): OutputSet {
  const data = Object.fromEntries(
    Object.entries(program.outputs).map(([name, { type, shape }]) => [name, allocate(type, elements(shape))]),
  );
  const fetches = Object.fromEntries(
    Object.entries(program.outputs).map(([name, { type, shape }]) => [outputName(name), new runtime.Tensor(type, data[name] ?? [], shape)]),
  );
  return { data, fetches };
}

/** The WebAssembly runtime does not write into given tensors, but returns copies of its own memory. */
function copyOutputs(results: OnnxRuntime.InferenceSession.OnnxValueMapType, outputs: Tensors): void {
  for (const [name, output] of Object.entries(outputs)) {
    const result = results[outputName(name)]?.data;
    if (result instanceof Float32Array || result instanceof Int32Array || result instanceof Uint8Array) output.set(result);
  }
}

function allocate(type: ElementType, length: number): TensorData {
  switch (type) {
    case 'float32':
      return new Float32Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'bool':
      return new Uint8Array(length);
    default:
      return unreachable(type);
  }
}

function feed(
  name: string,
  { type, shape }: Tensor,
  data: TensorData | undefined,
  { runtime }: OnnxRuntimeEngineOptions,
): OnnxRuntime.Tensor {
  if (data === undefined) throw new RangeError(`input "${name}" is missing`);
  if (data.length !== elements(shape)) throw new RangeError(`input "${name}" has ${data.length} elements, not [${shape.join(', ')}]`);
  return new runtime.Tensor(type, data, shape);
}
