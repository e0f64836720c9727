import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import type { Network } from '../../src/core/network/network.ts';
import { hasKernel } from '../../src/core/network/kernel-operations.ts';
import type { Candidate, StepTime } from './candidates.ts';

/** A reference BLAS reaches 3 to 5 GFLOP/s on one thread, an optimized one ten times as much. */
const fewestGigaflops = 15;

const productScript = `
import time, torch
torch.set_num_threads(1)
a = torch.randn(1024, 1024)
def seconds():
    start = time.process_time()
    torch.mm(a, a)
    return time.process_time() - start
print(2 * 1024 ** 3 / min(seconds() for _ in range(12)) / 1e9)
`;

/** A Python with PyTorch in it: the first of the usual ones, else undefined. */
export function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => spawnSync(python, ['-c', 'import torch']).status === 0);
}

/** The same, with its GFLOP/s, where its matrix products are those of an optimized BLAS: only then is its speed worth a comparison. */
export function findFastPython(): { readonly python: string; readonly gigaflops: number } | undefined {
  const python = findPython();
  if (python === undefined) return undefined;
  const { stdout } = spawnSync(python, ['-c', productScript], { env: pytorchEnvironment(1), encoding: 'utf8' });
  const gigaflops = Number(stdout);
  console.log(`PyTorch of ${python}: a product of 1,024 by 1,024 at ${gigaflops.toFixed(1)} GFLOP/s of processor time on one thread`);
  return gigaflops >= fewestGigaflops ? { python, gigaflops } : undefined;
}

/** PyTorch running the same network: a child that answers each line with the times of one step. */
export async function pytorchCandidate(
  name: string,
  python: string,
  { network, batchSize, threads }: { readonly network: Network; readonly batchSize: number; readonly threads: number },
): Promise<Candidate> {
  const child = spawn(python, ['bench/train-step/pytorch.py', String(threads)], { env: pytorchEnvironment(threads) });
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<StepTime> => {
    child.stdin.write(`${line}\n`);
    const answer = await lines.next();
    const [wall = NaN, cpu = NaN] = answer.done === true ? [] : answer.value.split(' ').map(Number);
    return { wall, cpu };
  };
  await ask(JSON.stringify({ ...describeNetwork(network), batchSize }));
  return { name, step: () => ask('step'), dispose: () => end(child) };
}

export function pytorchEnvironment(threads: number): NodeJS.ProcessEnv {
  // Debian's OpenBLAS does not know every processor's name and falls back to kernels of twenty years ago.
  const core = hasAvx512() ? 'SkylakeX' : /AMD/.test(cpus()[0]?.model ?? '') ? 'Zen' : 'Haswell';
  return {
    ...process.env,
    OPENBLAS_CORETYPE: process.env['OPENBLAS_CORETYPE'] ?? core,
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    // Threads that spin for work would take the core from whatever else runs.
    OMP_WAIT_POLICY: 'PASSIVE',
  };
}

function hasAvx512(): boolean {
  return existsSync('/proc/cpuinfo') && readFileSync('/proc/cpuinfo', 'utf8').includes('avx512f');
}

function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  child.stdin.end();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** The network as data: operations with the shapes of their kernels and outputs. */
export function describeNetwork(network: Network) {
  return {
    inputs: network.inputs,
    inputShape: network.values.get(network.inputs[0] ?? '')?.shape,
    outputs: network.outputs,
    operations: network.operations.map((operation) => ({
      ...operation,
      kernelShape: hasKernel(operation) ? network.parameters.get(operation.kernel)?.shape : undefined,
      hasBias: hasKernel(operation) && operation.bias !== undefined,
      inputShape: network.values.get(operation.inputs[0] ?? '')?.shape,
      outputShape: network.values.get(operation.output)?.shape,
    })),
  };
}
