import type { DeployedFile } from '../../../src/deploy/plan.ts';

/**
 * The part of TFLite Micro's interface that generated programs use, as declarations of our own: so that they are compiled
 * everywhere. The interpreter does not compute: it gives what a test puts into `stub_output`.
 */
export function tflmStub(registrations: readonly string[]): readonly DeployedFile[] {
  const status =
    'typedef enum { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;\n#define TF_LITE_ENSURE_STATUS(a) do { if ((a) != kTfLiteOk) return kTfLiteError; } while (0)\n';
  const files: Readonly<Record<string, string>> = {
    'tensorflow/lite/c/common.h': `#pragma once\n#include <stddef.h>\n#include <stdint.h>\n${status}struct TfLiteTensor { void *data; };\n`,
    'tensorflow/lite/kernels/internal/tensor_ctypes.h':
      '#pragma once\n#include "tensorflow/lite/c/common.h"\nnamespace tflite { template <typename T> T *GetTensorData(TfLiteTensor *tensor) { return static_cast<T *>(tensor->data); } }\n',
    'tensorflow/lite/schema/schema_generated.h':
      '#pragma once\n#define TFLITE_SCHEMA_VERSION 3\nnamespace tflite { struct Model { unsigned version() const { return 3; } }; inline const Model *GetModel(const void *) { static Model model; return &model; } }\n',
    'tensorflow/lite/micro/micro_mutable_op_resolver.h': `#pragma once\n#include "tensorflow/lite/c/common.h"\nnamespace tflite { template <unsigned count> class MicroMutableOpResolver { public:\n${registrations.map((name) => `  TfLiteStatus Add${name}() { return ++added <= count ? kTfLiteOk : kTfLiteError; }`).join('\n')}\n  unsigned added = 0;\n}; }\n`,
    'tensorflow/lite/micro/micro_log.h':
      '#pragma once\n#include <stdio.h>\n#define MicroPrintf(...) (printf(__VA_ARGS__), printf("\\n"))\n',
    'tensorflow/lite/micro/system_setup.h': '#pragma once\nnamespace tflite { inline void InitializeTarget() {} }\n',
    'tensorflow/lite/micro/micro_interpreter.h': `#pragma once
#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/schema/schema_generated.h"
extern "C" const void *stub_output;
namespace tflite {
class MicroInterpreter {
 public:
  template <typename Resolver>
  MicroInterpreter(const Model *, const Resolver &, uint8_t *arena, size_t size) : size_(size) { in_.data = arena; }
  TfLiteStatus AllocateTensors() { return kTfLiteOk; }
  TfLiteTensor *input(size_t) { return &in_; }
  TfLiteTensor *output(size_t) { out_.data = const_cast<void *>(stub_output); return &out_; }
  TfLiteStatus Invoke() { return kTfLiteOk; }
  size_t arena_used_bytes() const { return size_ / 2; }
 private:
  TfLiteTensor in_{}, out_{};
  size_t size_;
};
}
`,
  };
  return Object.entries(files).map(([path, contents]) => ({ path: `stub/${path}`, contents }));
}
