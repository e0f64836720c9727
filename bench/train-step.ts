/**
 * Milliseconds and GFLOP/s of a training step (forward, backward, Adam; batch 32) of the networks that people deploy,
 * plain, with sparsity masks, and with fake quantization of weights and activations; medians of interleaved rounds and
 * the fastest of them, which another program on the machine disturbs least. Beside it the same programs on
 * onnxruntime-web and, where installed, tfjs-wasm, and the plain networks in PyTorch.
 *
 * `npm run bench -- train-step [rounds] [part of a network's name] [part of a candidate's name]`
 */
import { availableParallelism, cpus } from 'node:os';
import { benchedEngines, espalierCandidate, type Candidate } from './train-step/candidates.ts';
import { benchedNetworks, stepOperations } from './train-step/networks.ts';
import { findFastPython, pytorchCandidate } from './train-step/pytorch.ts';
import { trainingSetup, variants } from './train-step/variants.ts';

/** A candidate that takes this long for its first step is not asked for many more. */
const slow = 3000;

export async function run([rounds = '7', part = '', candidate = '']: readonly string[]): Promise<void> {
  const cores = availableParallelism();
  const wanted = (name: string): boolean => name.includes(candidate);
  const engines = (await benchedEngines(cores)).filter(([name]) => wanted(name));
  const python = findFastPython();
  if (python === undefined) console.log('PyTorch is left out: python3 has no module torch, or one with a reference BLAS');
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cores} cores; ms a step, median and fastest of ${rounds} interleaved rounds (GFLOP/s of the median)`,
  );
  for (const { name, network } of benchedNetworks.filter((benched) => benched.name.includes(part))) {
    const operations = stepOperations(network);
    console.log(`\n${name}: ${(operations / 1e9).toFixed(3)} GFLOP a step`);
    for (const variant of variants) {
      const setup = trainingSetup(network, variant);
      const candidates: Candidate[] = [];
      for (const [label, engine] of engines) candidates.push(espalierCandidate(label, engine, setup));
      if (python !== undefined && variant === 'plain') {
        for (const threads of cores > 1 ? [1, cores] : [1])
          if (wanted(`PyTorch ${threads}T`)) candidates.push(await pytorchCandidate(`PyTorch ${threads}T`, python, network, threads));
      }
      const times = await measure(candidates, Number(rounds));
      const cells = candidates.map((each, i) => {
        const { median, fastest } = times[i] ?? { median: NaN, fastest: NaN };
        return `${each.name} ${median.toFixed(1)} | ${fastest.toFixed(1)} (${(operations / 1e6 / median).toFixed(1)})`;
      });
      console.log(`  ${variant.padEnd(18)} ${cells.join('   ')}`);
      for (const each of candidates) await each.dispose();
    }
  }
}

interface StepTimes {
  readonly median: number;
  readonly fastest: number;
}

/** In milliseconds; the rounds are interleaved, so that a busy moment of the machine slows all candidates. */
async function measure(candidates: readonly Candidate[], rounds: number): Promise<StepTimes[]> {
  const times = candidates.map(() => new Array<number>());
  const first: number[] = [];
  for (const candidate of candidates) first.push(await candidate.step());
  for (let round = 0; round < rounds; round++) {
    for (const [i, candidate] of candidates.entries()) {
      if (round === 0 || (first[i] ?? 0) < slow) times[i]?.push(await candidate.step());
    }
  }
  return times.map((values) => {
    const sorted = values.sort((a, b) => a - b);
    return { median: sorted[Math.floor(sorted.length / 2)] ?? NaN, fastest: sorted[0] ?? NaN };
  });
}
