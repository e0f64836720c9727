import type { Example } from '../../core/data/example-source.ts';
import { unreachable } from '../../core/errors.ts';
import type { DeployedFile, DeploymentPlan, PlannedInput, PlannedTensor } from '../plan.ts';
import { cComment, cIntegerArray, cRealArray } from './names.ts';
import { cType } from './tensor-types.ts';

/**
 * `NAME_test_case.h` and `.c`: an example, what it must become, and what must come out; with a check of the preprocessing
 * that runs without any runtime.
 */
export function testCaseFiles(plan: DeploymentPlan): readonly DeployedFile[] {
  const { name, file, inputs, outputs, test } = plan;
  const upper = name.toUpperCase();
  const guard = `${upper}_TEST_CASE_H`;
  return [
    {
      path: `${name}_test_case.h`,
      contents: `/* ${test.fromData ? 'An example of the data' : 'Random numbers, since no data were given'}, with the outputs of ${cComment(file)} in ${cComment(test.runtime)}. Written by Espalier. */
#ifndef ${guard}
#define ${guard}

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Largest difference allowed of an input's element: a step of the quantization, or in single precision a pixel's. */
#define ${upper}_INPUT_TOLERANCE ${inputTolerance(inputs)}

/* Largest difference allowed of an output's element: TFLite Micro and LiteRT round in different ways. */
#define ${upper}_OUTPUT_TOLERANCE 2

${[...inputs.map((input) => `extern const ${cType(input).c} ${name}_test_input${input.suffix}[${input.elements}];`), ...outputs.map((output) => `extern const ${cType(output).c} ${name}_test_output${output.suffix}[${output.elements}];`)].join('\n')}

/* Preprocesses the example; returns by how much an element differs at most from what it must become. */
int ${name}_check_preprocessing(void);

#ifdef __cplusplus
}
#endif

#endif
`,
    },
    { path: `${name}_test_case.c`, contents: source(plan) },
  ];
}

/** In elements: a byte of an image may round to its neighbour in single precision. */
export function inputTolerance(inputs: readonly PlannedInput[]): number {
  return Math.max(
    1,
    ...inputs.map(({ steps, scale }) => (steps.kind === 'image' ? Math.ceil(Math.max(...steps.scale.map(Math.abs)) / scale) : 1)),
  );
}

function source({ name, inputs, outputs, test }: DeploymentPlan): string {
  const examples = inputs.map((input, i) => exampleOf(name, input, test.examples[i]));
  return `/* Written by Espalier: see ${name}_test_case.h. */
#include "${name}_test_case.h"

#include "${name}_preprocess.h"

${examples.map(({ array }) => array).join('\n\n')}

${inputs.map((input, i) => elements(`${name}_test_input${input.suffix}`, input, test.inputs[i])).join('\n\n')}

${outputs.map((output, i) => elements(`${name}_test_output${output.suffix}`, output, test.outputs[i])).join('\n\n')}

int ${name}_check_preprocessing(void) {
  int largest = 0;
  int i;
${inputs.map((input, i) => checkOf(name, input, examples[i]?.call ?? '')).join('\n')}
  return largest;
}
`;
}

function checkOf(name: string, input: PlannedInput, call: string): string {
  const { c, bounds } = cType(input);
  // Real numbers are compared in thousandths.
  const difference =
    bounds === undefined
      ? `(int)(1000.0 * (made${input.suffix}[i] - ${name}_test_input${input.suffix}[i]))`
      : `made${input.suffix}[i] - ${name}_test_input${input.suffix}[i]`;
  return `  {
    static ${c} made${input.suffix}[${input.elements}];
    ${call}, made${input.suffix});
    for (i = 0; i < ${input.elements}; i++) {
      const int difference = ${difference};
      if (difference > largest) largest = difference;
      if (-difference > largest) largest = -difference;
    }
  }`;
}

/** The example's array, and the call that preprocesses it up to its last argument. */
function exampleOf(name: string, input: PlannedInput, example: Example | undefined): { readonly array: string; readonly call: string } {
  if (example === undefined) throw new RangeError(`no example for input "${input.details.name}"`);
  const array = `${name}_test_example${input.suffix}`;
  const call = `${name}_preprocess${input.suffix}(${array}`;
  switch (example.kind) {
    case 'image':
      return {
        array: cIntegerArray(`static const uint8_t ${array}[${example.data.length}]`, example.data),
        call: `${call}, ${example.shape.join(', ')}`,
      };
    case 'sound':
      return {
        array: cIntegerArray(
          `static const int16_t ${array}[${example.samples.length}]`,
          Array.from(example.samples, (sample) => Math.round(sample * 32768)),
        ),
        call: `${call}, ${example.samples.length}`,
      };
    case 'tensor':
      return { array: cRealArray(`static const float ${array}[${example.data.length}]`, example.data), call };
    default:
      return unreachable(example);
  }
}

function elements(array: string, tensor: PlannedTensor, bytes: Uint8Array = new Uint8Array()): string {
  const { c, read } = cType(tensor);
  const values = Array.from(read(bytes));
  const declaration = `const ${c} ${array}[${tensor.elements}]`;
  return c === 'float' ? cRealArray(declaration, values) : cIntegerArray(declaration, values);
}
