import type { DeployedFile, MicroPlan } from '../plan.ts';
import { microFiles } from './c-files.ts';
import { memorySection, readme } from './readme.ts';

/** A sketch: all files in the folder of the sketch, which is named as it is. */
export function arduinoFiles(plan: MicroPlan): readonly DeployedFile[] {
  const { name } = plan;
  const folder = `${name}_sketch/`;
  return [
    ...microFiles(plan, folder, 'cpp'),
    { path: `${folder}${name}_sketch.ino`, contents: sketch(name) },
    {
      path: 'README.md',
      contents: readme(plan, {
        title: 'for Arduino',
        steps: [
          'Install TFLite Micro as a library: copy `tensorflow/tflite-micro-arduino-examples` into the folder of libraries, or in the library manager install `Chirale_TensorFlowLite`, whose header `TensorFlowLite.h` is named in the sketch.',
          `Open \`${name}_sketch/${name}_sketch.ino\`, choose the board and upload it.`,
          'The serial monitor, at 115,200 baud, shows the test case: the last line is `PASSED`.',
        ],
        more: [memorySection(plan)],
      }),
    },
  ];
}

function sketch(name: string): string {
  return `// Runs the test case of the model once, then waits. Written by Espalier.
#include <TensorFlowLite.h>

#include "${name}_runtime.h"

void setup() {
  Serial.begin(115200);
  while (!Serial) delay(10);
  ${name}_self_test();
}

void loop() {
  // Here: ${name}_preprocess() into ${name}_input(), ${name}_run(), ${name}_output().
  delay(1000);
}
`;
}
