import { unreachable } from '../../errors.ts';
import { createRandom, type Random } from '../../random.ts';
import type { GeneratedDataSpec } from '../spec/generated-spec.ts';
import type { Example, ExampleSource, SourceSplits } from '../example-source.ts';
import { digitClasses, drawDigit } from './digits.ts';
import { keywordClasses, makeKeyword } from './keywords.ts';

interface Generator {
  readonly kind: ExampleSource['kind'];
  readonly shape: readonly number[];
  readonly classes: readonly string[];
  make(label: number, random: Random): Example;
}

/** Sets that are made from a seed: each example is a function of the seed, its split and its number. */
export function openGenerated(spec: GeneratedDataSpec): Promise<SourceSplits> {
  const generator = generators(spec.set);
  const seed = spec.generatorSeed ?? 0;
  return Promise.resolve({
    train: generatedSource('train', generator, spec.trainSize ?? 6000, Math.imul(seed + 1, 0x9e3779b1)),
    validation: undefined,
    test: generatedSource('test', generator, spec.testSize ?? 1000, Math.imul(seed + 1, 0x85ebca77)),
    warnings: [],
  });
}

function generators(set: GeneratedDataSpec['set']): Generator {
  switch (set) {
    case 'digits':
      return {
        kind: 'image',
        shape: [28, 28, 1],
        classes: digitClasses,
        make: (label, random) => ({ kind: 'image', shape: [28, 28, 1], data: drawDigit(label, random) }),
      };
    case 'keywords':
      return {
        kind: 'tensor',
        shape: [49, 10, 1],
        classes: keywordClasses,
        make: (label, random) => ({ kind: 'tensor', shape: [49, 10, 1], data: makeKeyword(label, random) }),
      };
    case 'table':
      return {
        kind: 'tensor',
        shape: [tableFeatures],
        classes: tableClasses,
        make: (label, random) => ({ kind: 'tensor', shape: [tableFeatures], data: makeRow(label, random) }),
      };
    default:
      return unreachable(set);
  }
}

function generatedSource(name: string, generator: Generator, size: number, seed: number): ExampleSource {
  const { kind, shape, classes } = generator;
  return {
    name,
    kind,
    size,
    shape,
    target: { kind: 'classes', classes: classes.length, names: classes },
    labels: Int32Array.from({ length: size }, (_, index) => index % classes.length),
    targets: new Float32Array(0),
    load: (index) => generator.make(index % classes.length, createRandom(seed ^ Math.imul(index + 1, 0x27d4eb2f))),
  };
}

const tableClasses = ['a', 'b', 'c'] as const;
const tableFeatures = 8;

/** A row of 8 measurements: each class is a mixture of two overlapping clouds, so that no straight line parts them. */
function makeRow(label: number, random: Random): Float32Array {
  const cloud = createRandom(31 * (2 * label + random.integer(2)) + 5);
  const centre = Array.from({ length: tableFeatures }, () => 1.1 * cloud.normal());
  const common = 0.5 * random.normal();
  return Float32Array.from(centre, (value) => value + common + 0.6 * random.normal());
}
