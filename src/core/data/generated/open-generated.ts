import { unreachable } from '../../errors.ts';
import { createRandom, type Random } from '../../random.ts';
import type { GeneratedDataSpec } from '../spec/generated-spec.ts';
import type { Example, ExampleSource, SourceSplits } from '../example-source.ts';
import type { OutputTarget } from '../target.ts';
import { digitClasses, drawDigit } from './digits.ts';
import { keywordClasses, makeKeyword } from './keywords.ts';
import { drawShapes, shapeClasses, shapesImage } from './shapes.ts';

interface Generator {
  readonly kind: ExampleSource['kind'];
  readonly shape: readonly number[];
  readonly target: OutputTarget;
  /** Example `index`, of a generator that is its own. */
  make(index: number, random: Random): Example;
  /** Classes of pixels, of the same generator. */
  readonly mask?: (random: Random) => Int32Array;
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
      return ofClasses(digitClasses, 'image', [28, 28, 1], (label, random) => ({
        kind: 'image',
        shape: [28, 28, 1],
        data: drawDigit(label, random),
      }));
    case 'keywords':
      return ofClasses(keywordClasses, 'tensor', [49, 10, 1], (label, random) => ({
        kind: 'tensor',
        shape: [49, 10, 1],
        data: makeKeyword(label, random),
      }));
    case 'table':
      return ofClasses(tableClasses, 'tensor', [tableFeatures], (label, random) => ({
        kind: 'tensor',
        shape: [tableFeatures],
        data: makeRow(label, random),
      }));
    case 'shapes':
      return {
        kind: 'image',
        shape: shapesImage,
        target: { kind: 'classMap', positions: shapesImage[0] * shapesImage[1], classes: shapeClasses.length, names: shapeClasses },
        make: (_, random) => ({ kind: 'image', shape: shapesImage, data: drawShapes(random).pixels }),
        mask: (random) => drawShapes(random).mask,
      };
    default:
      return unreachable(set);
  }
}

/** Classes take turns. */
function ofClasses(
  names: readonly string[],
  kind: ExampleSource['kind'],
  shape: readonly number[],
  make: (label: number, random: Random) => Example,
): Generator {
  const classes = names.length;
  return { kind, shape, target: { kind: 'classes', classes, names }, make: (index, random) => make(index % classes, random) };
}

function generatedSource(name: string, { kind, shape, target, make, mask }: Generator, size: number, seed: number): ExampleSource {
  const randomOf = (index: number): Random => createRandom(seed ^ Math.imul(index + 1, 0x27d4eb2f));
  return {
    name,
    kind,
    size,
    shape,
    target,
    labels: target.kind === 'classes' ? Int32Array.from({ length: size }, (_, index) => index % target.classes) : new Int32Array(0),
    loadLabels: mask && ((index) => mask(randomOf(index))),
    targets: new Float32Array(0),
    load: (index) => make(index, randomOf(index)),
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
