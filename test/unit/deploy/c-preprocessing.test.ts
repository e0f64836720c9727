import { describe, expect, it } from 'vitest';
import type { Example } from '../../../src/core/data/example-source.ts';
import { createRandom, type Random } from '../../../src/core/random.ts';
import { preprocessFiles } from '../../../src/deploy/c/preprocess-files.ts';
import { testCaseFiles } from '../../../src/deploy/c/test-case-files.ts';
import { checkMain } from '../../../src/deploy/targets/tflm.ts';
import { hasArmCompiler, hasArmEmulator, hasCompiler } from './compilers.ts';
import { inFolderOf, runC } from './compile-c.ts';
import { compileForCortexM, cortexMCores, runOnCortexM } from './cortex-m.ts';
import { planOf, prepareInput, type InputChoice, type Prepared } from './planned-inputs.ts';

/** Reads examples from standard input and prints the bytes that the preprocessing makes of each. */
function harness({ input }: Prepared, call: string): string {
  const type = { int8: 'int8_t', uint8: 'uint8_t', int16: 'int16_t', float32: 'float' }[input.details.type as 'int8'];
  return `#include <stdio.h>
#include <stdlib.h>
#include "net_preprocess.h"
static ${type} codes[${input.elements}];
static unsigned char bytes[1 << 22];
int main(void) {
  int size[4];
  while (fread(size, sizeof(int), 4, stdin) == 4) {
    if (fread(bytes, 1, (size_t)size[0], stdin) != (size_t)size[0]) return 1;
    ${call}
    fwrite(codes, sizeof(codes), 1, stdout);
  }
  return 0;
}
`;
}

const calls = {
  image: 'net_preprocess(bytes, size[1], size[2], size[3], codes);',
  sound: 'net_preprocess((const int16_t *)(const void *)bytes, (size_t)size[0] / 2, codes);',
  tensor: 'net_preprocess((const float *)(const void *)bytes, codes);',
} as const;

function bytesOf(example: Example): Uint8Array {
  switch (example.kind) {
    case 'image':
      return example.data;
    case 'sound':
      return new Uint8Array(Int16Array.from(example.samples, (sample) => Math.round(sample * 32768)).buffer);
    case 'tensor':
      return new Uint8Array(Float32Array.from(example.data).buffer);
  }
}

/** How far elements of the C and of the training pipeline lie apart: the largest difference, and the part that differs. */
function compare(
  choice: InputChoice,
  examples: readonly Example[],
  flags: readonly string[],
): { readonly largest: number; readonly part: number } {
  const prepared = prepareInput(choice);
  const expected = examples.map((example) => prepared.codes(example));
  const [example] = examples;
  if (example === undefined) throw new Error('no example');
  const sizes = (one: Example): readonly number[] => [bytesOf(one).length, ...(one.kind === 'image' ? one.shape : [0, 0, 0])];
  const input = Buffer.concat(examples.flatMap((one) => [new Uint8Array(Int32Array.from(sizes(one)).buffer), bytesOf(one)]));
  const files = preprocessFiles(planOf(prepared.input, example, expected[0] ?? new Uint8Array()));
  const printed = inFolderOf([...files, { path: 'main.c', contents: harness(prepared, calls[choice.kind]) }], (folder) => {
    return Buffer.from(runC(folder, ['main.c', 'net_preprocess.c'], flags, input), 'latin1');
  });
  const all = Buffer.concat(expected);
  expect(printed.length).toBe(all.length);
  const read = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, float32: Float32Array }[choice.type ?? 'int8'];
  const [found, wanted] = [printed, all].map((bytes) => new read(new Uint8Array(bytes).buffer));
  let largest = 0;
  let differing = 0;
  wanted?.forEach((value, i) => {
    const difference = Math.abs(value - (found?.[i] ?? NaN));
    largest = Math.max(largest, difference);
    if (difference !== 0) differing++;
  });
  return { largest, part: differing / Math.max(1, wanted?.length ?? 1) };
}

const inDouble = ['-DESPALIER_REAL=double', '-ffp-contract=off'];

function image(random: Random, height: number, width: number, channels: number): Example {
  return {
    kind: 'image',
    shape: [height, width, channels],
    data: Uint8Array.from({ length: height * width * channels }, () => random.integer(256)),
  };
}

describe.skipIf(!hasCompiler)('image preprocessing in C gives what the pipeline of training gives', () => {
  const random = createRandom(1);
  const sizes = [
    [32, 32],
    [31, 57],
    [97, 40],
    [16, 20],
    [64, 64],
  ] as const;
  const examples = (channels: number): readonly Example[] => sizes.map(([height, width]) => image(random, height, width, channels));
  const imagenet = { mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] };

  it.each([
    ['stretched, grey', { modelInputShape: [24, 28, 1] }, 1],
    ['stretched, colour to grey', { modelInputShape: [20, 20, 1] }, 3],
    ['stretched, grey to colour', { modelInputShape: [32, 32, 3] }, 1],
    [
      'covering, normalised by channel',
      { modelInputShape: [28, 24, 3], preprocessing: { fit: 'cover', centreCrop: 0.875 }, normalisation: imagenet },
      3,
    ],
    ['covering, whole', { modelInputShape: [32, 32, 3], preprocessing: { fit: 'cover', scale: 1 / 127.5, offset: -1 } }, 3],
    ['resized and cropped', { modelInputShape: [32, 32, 3], preprocessing: { fit: 'resizeThenCrop' }, normalisation: imagenet }, 3],
    ['resized and cropped, odd', { modelInputShape: [13, 14, 1], preprocessing: { fit: 'resizeThenCrop', shorterSide: 19 } }, 3],
  ] as const)('%s', (_name, options, channels) => {
    const images = examples(channels);
    expect(compare({ kind: 'image', options }, images, inDouble)).toEqual({ largest: 0, part: 0 });
    const single = compare({ kind: 'image', options }, images, []);
    // A byte may round to its neighbour, which is 3 steps of what the model takes.
    expect(single.largest).toBeLessThanOrEqual(3);
    expect(single.part).toBeLessThan(0.01);
  });

  it.each(['uint8', 'int16', 'float32'] as const)('for a model that takes %s', (type) => {
    const scale = type === 'int16' ? 1 / 32768 : 1 / 255;
    const options = { modelInputShape: [28, 28, 1] } as const;
    expect(compare({ kind: 'image', options, type, scale, zeroPoint: 0 }, examples(1), inDouble)).toEqual({ largest: 0, part: 0 });
  });
});

describe.skipIf(!hasCompiler)('sound preprocessing in C gives what the pipeline of training gives', () => {
  const random = createRandom(2);
  const sound = (samples: number, loudness: number): Example => ({
    kind: 'sound',
    sampleRate: 8000,
    samples: Float32Array.from(
      { length: samples },
      (_, i) => Math.round(32767 * loudness * Math.sin(i / (3 + 2 * Math.sin(i / 900))) * random.next()) / 32768,
    ),
  });
  const sounds = [sound(8000, 0.9), sound(8000, 0.01), sound(5000, 0.5), sound(100, 0.3), sound(0, 0)];
  const audio = { sampleRate: 8000, seconds: 1 };

  it.each([
    ['MFCC', { preprocessing: { audio } }, 0.5],
    [
      'MFCC of other sizes',
      {
        preprocessing: {
          audio: { ...audio, coefficients: 13, melBands: 26, frameMilliseconds: 25, strideMilliseconds: 10, maximumHertz: 3800 },
        },
      },
      0.5,
    ],
    [
      'MFCC normalised by coefficient',
      {
        preprocessing: { audio, scale: 0.5, offset: 1 },
        normalisation: { mean: [-20, 1, 2, 0, 0, 0, 1, 0, 0, 0], standardDeviation: [10, 5, 4, 3, 3, 3, 2, 2, 2, 2] },
      },
      1 / 16,
    ],
    ['the waveform', { preprocessing: { audio: { ...audio, kind: 'waveform' } } }, 1 / 128],
  ] as const)('%s', (_name, options, scale) => {
    const exact = compare({ kind: 'sound', options, scale, zeroPoint: 5 }, sounds, inDouble);
    expect(exact.largest).toBeLessThanOrEqual(1);
    expect(exact.part).toBeLessThan(0.0005);
    const single = compare({ kind: 'sound', options, scale, zeroPoint: 5 }, sounds, []);
    expect(single.largest).toBeLessThanOrEqual(1);
    expect(single.part).toBeLessThan(0.01);
  });

  it('to three digits in single precision, where the model takes real numbers', () => {
    expect(compare({ kind: 'sound', options: { preprocessing: { audio } }, type: 'float32' }, sounds, []).largest).toBeLessThan(2e-3);
  });
});

describe.skipIf(!hasCompiler)('preprocessing of arrays in C gives what the pipeline of training gives', () => {
  const random = createRandom(3);
  const rows = Array.from({ length: 20 }, (): Example => ({
    kind: 'tensor',
    shape: [6],
    data: Float32Array.from({ length: 6 }, () => 50 * random.normal()),
  }));

  it.each([
    ['scaled', { shape: [6], preprocessing: { scale: 0.02, offset: 0.1 } }],
    ['as they are', { shape: [6] }],
    ['normalised by column', { shape: [6], normalisation: { mean: [1, 2, 3, 4, 5, 6], standardDeviation: [10, 20, 30, 40, 50, 60] } }],
  ] as const)('%s', (_name, options) => {
    expect(compare({ kind: 'tensor', options, scale: 0.05, zeroPoint: -10 }, rows, inDouble)).toEqual({ largest: 0, part: 0 });
    expect(compare({ kind: 'tensor', options, scale: 0.05, zeroPoint: -10 }, rows, []).largest).toBeLessThanOrEqual(1);
  });
});

describe.skipIf(!hasArmCompiler)('on Cortex-M', () => {
  const random = createRandom(4);
  const choices: readonly (readonly [string, InputChoice, Example])[] = [
    [
      'images',
      { kind: 'image', options: { modelInputShape: [24, 28, 1], preprocessing: { fit: 'cover', centreCrop: 0.875 } } },
      image(random, 31, 57, 3),
    ],
    [
      'cropped images',
      { kind: 'image', options: { modelInputShape: [13, 14, 3], preprocessing: { fit: 'resizeThenCrop' } } },
      image(random, 40, 33, 3),
    ],
    [
      'sound',
      { kind: 'sound', options: { preprocessing: { audio: { sampleRate: 8000, seconds: 1 } } }, scale: 0.5 },
      {
        kind: 'sound',
        sampleRate: 8000,
        samples: Float32Array.from({ length: 7000 }, () => Math.round(32767 * (random.next() - 0.5)) / 32768),
      },
    ],
    [
      'arrays',
      { kind: 'tensor', options: { shape: [6], preprocessing: { scale: 0.02, offset: 0.1 } }, scale: 0.05 },
      { kind: 'tensor', shape: [6], data: Float32Array.of(-50, -3.25, 0, 1, 20, 99) },
    ],
  ];
  it.each(choices)('%s are compiled without a warning, and become what training makes of them', (_name, choice, example) => {
    const prepared = prepareInput(choice);
    const plan = planOf(prepared.input, example, prepared.codes(example));
    const files = [...preprocessFiles(plan), ...testCaseFiles(plan), { path: 'main.c', contents: checkMain('net') }];
    const sources = ['main.c', 'net_preprocess.c', 'net_test_case.c'];
    inFolderOf(files, (folder) => {
      for (const core of cortexMCores) {
        compileForCortexM(folder, core, sources);
        // Single precision: an element may round to its neighbour.
        if (hasArmEmulator) expect(runOnCortexM(folder, core, sources)).toMatch(/^inputs differ by [01] at most\n$/);
      }
    });
  });
});
