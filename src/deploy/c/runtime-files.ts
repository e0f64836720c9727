import type { DeployedFile, MicroPlan, PlannedTensor } from '../plan.ts';
import { cComment } from './names.ts';
import { cType } from './tensor-types.ts';

/** `NAME_runtime.h` and `.cc`: TFLite Micro with exactly the operators of the model, and a test of it all. */
export function runtimeFiles(plan: MicroPlan, extension = 'cc'): readonly DeployedFile[] {
  const { name } = plan;
  return [
    { path: `${name}_runtime.h`, contents: header(plan) },
    { path: `${name}_runtime.${extension}`, contents: source(plan) },
  ];
}

function header({ name, file, inputs, outputs }: MicroPlan): string {
  const guard = `${name.toUpperCase()}_RUNTIME_H`;
  const access = (kind: 'input' | 'output', constant: string, tensors: readonly PlannedTensor[]): string =>
    tensors
      .map(
        (tensor) =>
          `/* ${cComment(tensor.details.name)} [${tensor.details.shape.join(', ')}], ${tensor.elements} elements. */\n${constant}${cType(tensor).c} *${name}_${kind}${tensor.suffix}(void);`,
      )
      .join('\n');
  return `/* ${cComment(file)} in TFLite Micro. Written by Espalier. */
#ifndef ${guard}
#define ${guard}

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Prepares the model, once. Returns 0, or -1 when the arena is too small or the runtime refuses the model. */
int ${name}_setup(void);

${access('input', '', inputs)}

/* Runs the model on its inputs. Returns 0, or -1 when it failed. */
int ${name}_run(void);

${access('output', 'const ', outputs)}

/* Bytes of the arena that are used, after ${name}_setup(). */
size_t ${name}_arena_used(void);

/* Runs the test case and prints what it finds. Returns 0 when all is as it must be. */
int ${name}_self_test(void);

#ifdef __cplusplus
}
#endif

#endif
`;
}

function source({ name, inputs, outputs, registrations }: MicroPlan): string {
  const upper = name.toUpperCase();
  const access = (kind: 'input' | 'output', constant: string, tensors: readonly PlannedTensor[]): string =>
    tensors
      .map((tensor, i) => {
        const type = `${constant}${cType(tensor).c}`;
        return `${type} *${name}_${kind}${tensor.suffix}(void) {\n  return tflite::GetTensorData<${cType(tensor).c}>(interpreter->${kind}(${i}));\n}`;
      })
      .join('\n\n');
  return `// Written by Espalier: see ${name}_runtime.h.
#include "${name}_runtime.h"

#include <string.h>

#include "tensorflow/lite/kernels/internal/tensor_ctypes.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

#include "${name}_model.h"
#include "${name}_postprocess.h"
#include "${name}_test_case.h"

namespace {

alignas(16) uint8_t arena[${upper}_ARENA_BYTES];
tflite::MicroInterpreter *interpreter = nullptr;

/* The operators of the model and no other, so that the linker leaves the rest out. */
TfLiteStatus register_operators(tflite::MicroMutableOpResolver<${registrations.length}> &resolver) {
${registrations.map((registration) => `  TF_LITE_ENSURE_STATUS(resolver.Add${registration}());`).join('\n')}
  return kTfLiteOk;
}

int largest_difference(int largest, int difference) {
  const int size = difference < 0 ? -difference : difference;
  return size > largest ? size : largest;
}

}  // namespace

int ${name}_setup(void) {
  static tflite::MicroMutableOpResolver<${registrations.length}> resolver;
  const tflite::Model *model = tflite::GetModel(${name}_model);
  if (interpreter != nullptr) return 0;
  if (model->version() != TFLITE_SCHEMA_VERSION || register_operators(resolver) != kTfLiteOk) return -1;
  static tflite::MicroInterpreter created(model, resolver, arena, sizeof(arena));
  if (created.AllocateTensors() != kTfLiteOk) return -1;
  interpreter = &created;
  return 0;
}

${access('input', '', inputs)}

int ${name}_run(void) {
  return interpreter->Invoke() == kTfLiteOk ? 0 : -1;
}

${access('output', 'const ', outputs)}

size_t ${name}_arena_used(void) {
  return interpreter->arena_used_bytes();
}

int ${name}_self_test(void) {
  int preprocessing, difference = 0;
  if (${name}_setup() != 0) {
    MicroPrintf("FAILED: ${name} is not set up; is ${upper}_ARENA_BYTES large enough?");
    return 1;
  }
  preprocessing = ${name}_check_preprocessing();
${inputs.map(({ suffix }) => `  memcpy(${name}_input${suffix}(), ${name}_test_input${suffix}, sizeof(${name}_test_input${suffix}));`).join('\n')}
  if (${name}_run() != 0) {
    MicroPrintf("FAILED: ${name} does not run");
    return 1;
  }
${outputs
  .map((output) => {
    const found = `${name}_output${output.suffix}()[i] - ${name}_test_output${output.suffix}[i]`;
    const scaled = cType(output).bounds === undefined ? `(int)(256.0f * (${found}))` : `(int)(${found})`;
    return `  for (int i = 0; i < ${output.elements}; i++) difference = largest_difference(difference, ${scaled});`;
  })
  .join('\n')}
  MicroPrintf("${name}: arena %d of %d bytes; inputs differ by %d at most, outputs by %d", static_cast<int>(${name}_arena_used()),
              static_cast<int>(${upper}_ARENA_BYTES), preprocessing, difference);
${outputs
  .map(
    ({ suffix, details }) =>
      `  MicroPrintf("${cComment(details.name).replace(/[\\"%]/g, '_')}: best is %d, expected %d", ${name}_best${suffix}(${name}_output${suffix}()), ${name}_best${suffix}(${name}_test_output${suffix}));`,
  )
  .join('\n')}
  if (preprocessing > ${upper}_INPUT_TOLERANCE || difference > ${upper}_OUTPUT_TOLERANCE) {
    MicroPrintf("FAILED: the differences are larger than rounding");
    return 1;
  }
  MicroPrintf("PASSED");
  return 0;
}
`;
}
