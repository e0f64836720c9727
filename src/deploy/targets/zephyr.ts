import type { DeployedFile, MicroPlan } from '../plan.ts';
import { microFiles, microSources } from './c-files.ts';
import { memorySection, readme } from './readme.ts';

/** An application of Zephyr with TFLite Micro as its module. */
export function zephyrFiles(plan: MicroPlan): readonly DeployedFile[] {
  const { name } = plan;
  return [
    ...microFiles(plan, 'src/'),
    { path: 'src/main.cc', contents: main(name) },
    { path: 'CMakeLists.txt', contents: cmake(plan) },
    { path: 'prj.conf', contents: configuration },
    {
      path: 'README.md',
      contents: readme(plan, {
        title: 'for Zephyr',
        steps: [
          'Once in a workspace: `west config manifest.project-filter -- +tflite-micro` and `west update`.',
          '`west build -b BOARD .` here, then `west flash`; `qemu_cortex_m3` runs without a board: `west build -b qemu_cortex_m3 -t run .`',
          'The console shows the test case: the last line is `PASSED`.',
        ],
        more: [memorySection(plan)],
      }),
    },
  ];
}

const configuration = `# Written by Espalier.
CONFIG_CPP=y
CONFIG_STD_CPP17=y
CONFIG_REQUIRES_FULL_LIBC=y
CONFIG_TENSORFLOW_LITE_MICRO=y
CONFIG_MAIN_STACK_SIZE=4096
`;

function main(name: string): string {
  return `// Runs the test case of the model. Written by Espalier.
#include "${name}_runtime.h"

int main(void) {
  return ${name}_self_test();
}
`;
}

function cmake(plan: MicroPlan): string {
  const sources = microSources(plan).map((source) => `  src/${source}`);
  return `cmake_minimum_required(VERSION 3.20)
find_package(Zephyr REQUIRED HINTS $ENV{ZEPHYR_BASE})
project(${plan.name})

target_sources(app PRIVATE
${sources.join('\n')}
)
`;
}
