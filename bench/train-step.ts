/**
 * Processor time (user and system, all threads) and wall time of a training step (forward, backward, Adam) of the
 * networks that people deploy: plain, with sparsity masks, and with fake quantization of weights and activations. Beside
 * it the same programs on onnxruntime-web and, where installed, tfjs-wasm, and the plain networks in PyTorch. The least
 * of interleaved rounds counts, which another program on the machine disturbs least; the first steps, which compile, are
 * left out. GFLOP/s are set beside those of a matrix product of 1,024 by 1,024, which no step exceeds.
 *
 * `npm run bench -- train-step [rounds] [part of a network's name] [part of a candidate's name] [part of a variant's name]`
 */
import { availableParallelism, cpus } from 'node:os';
import { createProgramBuilder } from '../src/core/program/builder.ts';
import type { Engine } from '../src/core/engine/engine.ts';
import { benchedEngines, espalierCandidate, timed, type Candidate, type StepTime } from './train-step/candidates.ts';
import { benchedNetworks, stepOperations } from './train-step/networks.ts';
import { findFastPython, pytorchCandidate } from './train-step/pytorch.ts';
import { trainingSetup, variants } from './train-step/variants.ts';

/** Steps that are not counted: the first compiles, and others still take memory from the system. */
const warmUp = 3;
/** A candidate whose second step takes this many milliseconds of processor time is not asked for more. */
const slow = 10_000;

export async function run([rounds = '7', part = '', candidate = '', variantPart = '']: readonly string[]): Promise<void> {
  const cores = availableParallelism();
  const wanted = (name: string): boolean => name.includes(candidate);
  const engines = (await benchedEngines(cores)).filter(([name]) => wanted(name));
  const pytorch = findFastPython();
  if (pytorch === undefined) console.log('PyTorch is left out: python3 has no module torch, or one with a reference BLAS');
  const products = await Promise.all(engines.slice(0, 1).map(([, engine]) => productGigaflops(engine)));
  const limit = Math.max(...products, pytorch?.gigaflops ?? 0);
  for (const gigaflops of products) console.log(`onnxruntime: the same product at ${gigaflops.toFixed(1)} GFLOP/s`);
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cores} cores; ms a step of processor time / wall time, least of ${rounds} interleaved rounds; GFLOP/s of processor time, and their share of ${limit.toFixed(1)}`,
  );
  for (const { name, batchSize, ...row } of benchedNetworks.filter((benched) => benched.name.includes(part))) {
    const network = row.network();
    const operations = stepOperations(network, batchSize);
    console.log(`\n${name}, batch ${batchSize}: ${(operations / 1e9).toFixed(3)} GFLOP a step`);
    for (const variant of variants.filter((each) => each.includes(variantPart))) {
      const setup = trainingSetup(network, variant);
      const candidates: Candidate[] = [];
      for (const [label, engine] of engines) candidates.push(espalierCandidate(label, engine, setup, batchSize));
      if (pytorch !== undefined && variant === 'plain') {
        for (const threads of cores > 1 ? [1, cores] : [1]) {
          const label = `PyTorch ${threads} thread${threads === 1 ? '' : 's'}`;
          if (wanted(label)) candidates.push(await pytorchCandidate(label, pytorch.python, { network, batchSize, threads }));
        }
      }
      const times = await measure(candidates, Number(rounds));
      console.log(`  ${variant}`);
      candidates.forEach((each, i) => {
        const { wall, cpu } = times[i] ?? { wall: NaN, cpu: NaN };
        const peer = times[candidates.findIndex((other) => other.name === `PyTorch ${each.name}`)];
        const gigaflops = operations / 1e6 / cpu;
        const beside = peer === undefined ? '' : `   ${(cpu / peer.cpu).toFixed(2)} of PyTorch's processor time`;
        console.log(
          `    ${each.name.padEnd(18)} ${cpu.toFixed(1).padStart(8)} / ${wall.toFixed(1).padStart(7)}   ${gigaflops.toFixed(1).padStart(5)} GFLOP/s, ${((100 * gigaflops) / limit).toFixed(0)}%${beside}`,
        );
      });
      for (const each of candidates) await each.dispose();
    }
  }
}

/** Of the engine's own matrix product, 1,024 by 1,024, by processor time. */
async function productGigaflops(engine: Engine): Promise<number> {
  const size = 1024;
  const builder = createProgramBuilder();
  const [a, b] = [builder.input('a', [size, size]), builder.input('b', [size, size])];
  const program = await engine.compile(builder.build({ y: builder.matmul(a, b) }));
  const matrix = Float32Array.from({ length: size ** 2 }, (_, i) => (i % 7) - 3);
  const times: StepTime[] = [];
  for (let i = 0; i < 12; i++) times.push(await timed(() => program.run({ a: matrix, b: matrix })));
  await program.dispose();
  return (2 * size ** 3) / 1e6 / Math.min(...times.map(({ cpu }) => cpu));
}

/** The least of each; the rounds are interleaved, so that a busy moment of the machine slows all candidates. */
async function measure(candidates: readonly Candidate[], rounds: number): Promise<StepTime[]> {
  const times = candidates.map(() => new Array<StepTime>());
  for (let step = 0; step < warmUp; step++) for (const candidate of candidates) await candidate.step();
  for (let round = 0; round < rounds; round++) {
    for (const [i, candidate] of candidates.entries()) {
      if ((times[i]?.[0]?.cpu ?? 0) < slow) times[i]?.push(await candidate.step());
    }
  }
  return times.map((values) => ({
    wall: Math.min(...values.map(({ wall }) => wall)),
    cpu: Math.min(...values.map(({ cpu }) => cpu)),
  }));
}
