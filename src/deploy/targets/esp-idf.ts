import type { DeployedFile, MicroPlan } from '../plan.ts';
import { microFiles, microSources } from './c-files.ts';
import { memorySection, readme } from './readme.ts';

/** A project of Espressif's framework with TFLite Micro as a managed component. */
export function espIdfFiles(plan: MicroPlan): readonly DeployedFile[] {
  const { name } = plan;
  return [
    ...microFiles(plan, 'main/'),
    { path: 'main/main.cc', contents: main(name) },
    { path: 'main/CMakeLists.txt', contents: component(plan) },
    { path: 'main/idf_component.yml', contents: 'dependencies:\n  espressif/esp-tflite-micro: "*"\n' },
    {
      path: 'CMakeLists.txt',
      contents: `cmake_minimum_required(VERSION 3.16)\ninclude($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(${name})\n`,
    },
    {
      path: 'README.md',
      contents: readme(plan, {
        title: 'for ESP-IDF',
        steps: [
          '`idf.py set-target esp32s3` (or another chip); the component `espressif/esp-tflite-micro` comes with the first build.',
          '`idf.py build flash monitor`',
          'The monitor shows the test case: the last line is `PASSED`.',
        ],
        more: [memorySection(plan)],
      }),
    },
  ];
}

function main(name: string): string {
  return `// Runs the test case of the model. Written by Espalier.
#include "${name}_runtime.h"

extern "C" void app_main(void) {
  ${name}_self_test();
}
`;
}

function component(plan: MicroPlan): string {
  const sources = microSources(plan).map((source) => `"${source}"`);
  return `idf_component_register(\n  SRCS ${sources.join(' ')}\n  INCLUDE_DIRS "."\n)\n`;
}
