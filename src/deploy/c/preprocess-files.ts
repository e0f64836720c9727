import { unreachable } from '../../core/errors.ts';
import type { DeployedFile, DeploymentPlan, PlannedInput } from '../plan.ts';
import { imagePreprocessing } from './image-preprocessing.ts';
import { cComment } from './names.ts';
import { soundPreprocessing } from './sound-preprocessing.ts';
import { quantizer } from './tensor-types.ts';
import { tensorPreprocessing } from './tensor-preprocessing.ts';

/** `NAME_preprocess.h` and `.c`: from an example to what the model takes, as in training. */
export function preprocessFiles({ name, file, inputs }: DeploymentPlan): readonly DeployedFile[] {
  const parts = inputs.map((input) => ({ input, ...preprocessing(name, input) }));
  const guard = `${name.toUpperCase()}_PREPROCESS_H`;
  const header = `/* From an example to the inputs of ${cComment(file)}, as in training. Written by Espalier. */
#ifndef ${guard}
#define ${guard}

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

${parts.map(({ input, prototype }) => `/* ${describe(input)} */\n${prototype};`).join('\n\n')}

#ifdef __cplusplus
}
#endif

#endif
`;
  const source = `/* Written by Espalier: see ${name}_preprocess.h. */
#include "${name}_preprocess.h"

#include <tgmath.h>

/* Of all computation: -DESPALIER_REAL=double gives what training computes to the last bit, float is quicker. */
#ifndef ESPALIER_REAL
#define ESPALIER_REAL float
#endif
typedef ESPALIER_REAL real;
#define R(x) ((real)(x))

${parts
  .map(({ input, code }) => [needsQuantizer(input) ? quantizer(input, name) : '', code].filter((part) => part !== '').join('\n\n'))
  .join('\n\n')}
`;
  return [
    { path: `${name}_preprocess.h`, contents: header },
    { path: `${name}_preprocess.c`, contents: source },
  ];
}

function preprocessing(name: string, input: PlannedInput): { readonly prototype: string; readonly code: string } {
  const { steps } = input;
  switch (steps.kind) {
    case 'image':
      return imagePreprocessing(name, input, steps);
    case 'sound':
      return soundPreprocessing(name, input, steps);
    case 'tensor':
      return tensorPreprocessing(name, input, steps);
    default:
      return unreachable(steps);
  }
}

/** Images are looked up in a table of codes. */
function needsQuantizer({ steps }: PlannedInput): boolean {
  return steps.kind !== 'image';
}

function describe({ details, steps, elements }: PlannedInput): string {
  const target = `${cComment(details.name)} [${details.shape.join(', ')}]`;
  switch (steps.kind) {
    case 'image':
      return `Bytes [height, width, channels] of an image, resized to ${steps.height}x${steps.width} and normalised, to ${target}.`;
    case 'sound':
      return `16-bit samples at ${steps.sampleRate} Hz, ${steps.samples} of them used (padded with silence), to ${target}.`;
    case 'tensor':
      return `${elements} numbers to ${target}.`;
    default:
      return unreachable(steps);
  }
}
