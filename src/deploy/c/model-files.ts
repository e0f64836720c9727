import type { DeployedFile, MicroPlan } from '../plan.ts';
import { cComment, cElements } from './names.ts';

/** `NAME_model.h` and `.c`: the bytes of the .tflite, which stay in flash, and what the runtime needs for them. */
export function modelFiles({ name, file, model, packed, arena }: MicroPlan): readonly DeployedFile[] {
  const upper = name.toUpperCase();
  const hex = Array.from(model, (byte) => `0x${byte.toString(16).padStart(2, '0')}`);
  return [
    {
      path: `${name}_model.h`,
      contents: `/* ${cComment(file)}${packed ? ', packed: TFLite Micro decodes its kernels' : ''}. Written by Espalier. */
#ifndef ${upper}_MODEL_H
#define ${upper}_MODEL_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Tensor arena: tensors and scratch buffers as TFLite Micro's greedy planner lays them out, and an estimate of the
 * runtime's structures on 32 bits with a quarter on top. ${name}_arena_used() returns what is used.
 */
#define ${upper}_ARENA_BYTES (${arena.head} + ${Math.ceil((arena.persistent * 1.25) / 16) * 16} * (sizeof(void *) / 4))

/* Constant, so that the linker leaves it in flash; kernels read weights from it, which must be aligned. */
extern const unsigned char ${name}_model[${model.length}];
extern const unsigned int ${name}_model_bytes;

#ifdef __cplusplus
}
#endif

#endif
`,
    },
    {
      path: `${name}_model.c`,
      contents: `/* Written by Espalier: see ${name}_model.h. */
#include "${name}_model.h"

const unsigned char ${name}_model[${model.length}] __attribute__((aligned(16))) = {
${cElements(hex, 16)}
};
const unsigned int ${name}_model_bytes = ${model.length};
`,
    },
  ];
}
