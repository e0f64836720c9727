/**
 * The time of each technique's training step (batch 32, Adam) as a ratio to the plain step of the same network; medians
 * of interleaved rounds on one engine.
 *
 * `npm run bench -- techniques [rounds] [part of a network's name]`
 */
import { cpus } from 'node:os';
import type { Constraints, NetworkConstraints } from '../src/core/constraints/constraint.ts';
import type { ConstraintKind } from '../src/shared/techniques.ts';
import { projectWeights } from '../src/core/constraints/composition.ts';
import { createEngine } from '../src/core/engine/create-engine.ts';
import type { Network } from '../src/core/network/network.ts';
import { createRandom } from '../src/core/random.ts';
import { buildCodebook } from '../src/core/techniques/clustering/build-codebook.ts';
import { kernelsOf } from '../src/core/techniques/kernels.ts';
import { magnitudeMask } from '../src/core/techniques/pruning/magnitude-masks.ts';
import { withIntegerGrids } from '../src/core/techniques/integer-grids.ts';
import type { TrainingSetup } from '../src/core/train/training-program.ts';
import { type Candidate, espalierCandidate } from './train-step/candidates.ts';
import { benchedNetworks } from './train-step/networks.ts';
import { trainingSetup } from './train-step/variants.ts';

const clusters = 16;

interface BenchedTechnique {
  readonly name: string;
  readonly constraints: readonly ConstraintKind[];
  readonly learnedSteps?: boolean;
}

const techniques: readonly BenchedTechnique[] = [
  { name: 'plain', constraints: [] },
  { name: 'pruning', constraints: ['sparsity'] },
  { name: 'clustering', constraints: ['codebook'] },
  { name: 'sparsity-preserving clustering', constraints: ['sparsity', 'codebook'] },
  { name: 'QAT', constraints: ['integerGrid'] },
  { name: 'QAT, learned step sizes', constraints: ['integerGrid'], learnedSteps: true },
  { name: 'PQAT', constraints: ['sparsity', 'integerGrid'] },
  { name: 'CQAT', constraints: ['codebook', 'integerGrid'] },
  { name: 'PCQAT', constraints: ['sparsity', 'codebook', 'integerGrid'] },
];

export async function run([rounds = '15', part = '']: readonly string[]): Promise<void> {
  const engine = await createEngine();
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${engine.description}; step time as a ratio to the plain step, median of ${rounds} interleaved rounds`,
  );
  for (const { name, batchSize, ...row } of benchedNetworks.filter((benched) => benched.name.includes(part))) {
    const network = row.network();
    const candidates = techniques.map((technique) =>
      espalierCandidate(technique.name, engine, techniqueSetup(network, technique), batchSize),
    );
    const times = await medians(candidates, Number(rounds));
    const plain = times[0] ?? NaN;
    console.log(`\n${name}: plain step ${plain.toFixed(1)} ms`);
    candidates.forEach((candidate, i) => {
      console.log(`  ${candidate.name.padEnd(32)} ${((times[i] ?? NaN) / plain).toFixed(2)}`);
    });
    for (const candidate of candidates) await candidate.dispose();
  }
}

function techniqueSetup(original: Network, { constraints, learnedSteps = false }: BenchedTechnique): TrainingSetup {
  const onGrid = constraints.includes('integerGrid');
  const setup = trainingSetup(original, onGrid ? 'fake quantization' : 'plain');
  const shared = sharedConstraints(setup.network, constraints);
  // Only while masks still change do gradients reach what is masked.
  const denseMaskGradients = constraints.length === 1 && constraints[0] === 'sparsity';
  return {
    ...setup,
    denseMaskGradients,
    constraints: onGrid ? withIntegerGrids(setup.network, shared, learnedSteps ? 'learned' : 'maximum') : shared,
  };
}

/** Half of the weights of each kernel masked, the rest on 16 values; depthwise kernels left alone, as by default. */
function sharedConstraints(network: Network, kinds: readonly ConstraintKind[]): NetworkConstraints {
  const all = new Map<string, Constraints>();
  for (const { parameter, operation, shape, data } of kernelsOf(network)) {
    if (operation.kind === 'depthwiseConv2d') continue;
    const list: Constraints[number][] = [];
    if (kinds.includes('sparsity')) list.push({ kind: 'sparsity', mask: magnitudeMask(data, 0.5) });
    if (kinds.includes('codebook')) {
      const zeroPinned = kinds.includes('sparsity');
      list.push(
        buildCodebook(
          projectWeights(data, shape, list),
          shape,
          {
            clusters,
            granularity: { kind: 'tensor' },
            initialization: 'linear',
            refine: false,
            rateWeight: 0,
            gradient: 'sum',
            zeroPinned,
          },
          createRandom(1),
        ),
      );
    }
    if (list.length > 0) all.set(parameter, list);
  }
  return all;
}

/** Milliseconds; the first step of each compiles and is left out. */
async function medians(candidates: readonly Candidate[], rounds: number): Promise<readonly number[]> {
  const times = candidates.map(() => new Array<number>());
  for (const candidate of candidates) await candidate.step();
  for (let round = 0; round < rounds; round++) {
    for (const [i, candidate] of candidates.entries()) times[i]?.push((await candidate.step()).wall);
  }
  return times.map((values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN);
}
