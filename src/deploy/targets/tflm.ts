import type { DeployedFile, MicroPlan } from '../plan.ts';
import { microFiles } from './c-files.ts';
import { memorySection, readme } from './readme.ts';

/** TFLite Micro by itself: sources for any build, and a Makefile that runs the test on this machine. */
export function tflmFiles(plan: MicroPlan): readonly DeployedFile[] {
  const { name } = plan;
  return [
    ...microFiles(plan, 'src/'),
    { path: 'src/main.cc', contents: main(name) },
    { path: 'src/check_preprocessing.c', contents: checkMain(name) },
    { path: 'Makefile', contents: makefile(name) },
    {
      path: 'README.md',
      contents: readme(plan, {
        title: 'for TFLite Micro',
        steps: [
          '`make check` compiles the preprocessing on this machine, without any runtime, and compares it with that of the training.',
          '`make TFLM=/path/to/tflite-micro test` builds the whole program with a library that was built there by `make -f tensorflow/lite/micro/tools/make/Makefile microlite` (other libraries: `LIBRARY=`), and runs the test case.',
          `In firmware: add the sources in \`src\` but \`main.cc\` and \`check_preprocessing.c\`, call \`${name}_setup()\` once, then \`${name}_preprocess\`, \`${name}_run\` and \`${name}_best\` for each example.`,
        ],
        more: [memorySection(plan)],
      }),
    },
  ];
}

function main(name: string): string {
  return `// Runs the test case of the model. Written by Espalier.
#include "${name}_runtime.h"

#include "tensorflow/lite/micro/system_setup.h"

int main() {
  tflite::InitializeTarget();
  return ${name}_self_test();
}
`;
}

/** C that compares the preprocessing with that of the training on any machine. */
export function checkMain(name: string): string {
  return `/* Compares the preprocessing with that of the training, without any runtime. Written by Espalier. */
#include <stdio.h>

#include "${name}_test_case.h"

int main(void) {
  const int difference = ${name}_check_preprocessing();
  printf("inputs differ by %d at most\\n", difference);
  return difference > ${name.toUpperCase()}_INPUT_TOLERANCE;
}
`;
}

function makefile(name: string): string {
  return `# Written by Espalier.
CFLAGS ?= -O2 -Wall -Werror
CXXFLAGS ?= -O2 -Wall -std=c++17 -fno-rtti -fno-exceptions
DOWNLOADS = $(TFLM)/tensorflow/lite/micro/tools/make/downloads
INCLUDES ?= -I$(TFLM) -I$(DOWNLOADS)/flatbuffers/include -I$(DOWNLOADS)/gemmlowp -I$(DOWNLOADS)/ruy
LIBRARY ?= $(wildcard $(TFLM)/gen/*/lib/libtensorflow-microlite.a)
C_SOURCES = src/${name}_model.c src/${name}_preprocess.c src/${name}_postprocess.c src/${name}_test_case.c

all: check

build:
\tmkdir -p build

check: build
\t$(CC) $(CFLAGS) -std=c99 src/check_preprocessing.c src/${name}_preprocess.c src/${name}_test_case.c -lm -o build/check
\tbuild/check

test: build
\t@test -n "$(TFLM)" || (echo "say where TFLite Micro is: make TFLM=/path/to/tflite-micro test" && false)
\tcd build && $(CC) $(CFLAGS) -std=c99 -c $(addprefix ../,$(C_SOURCES))
\t$(CXX) $(CXXFLAGS) -DTF_LITE_STATIC_MEMORY $(INCLUDES) src/main.cc src/${name}_runtime.cc $(C_SOURCES:src/%.c=build/%.o) $(LIBRARY) -lm -o build/test
\tbuild/test

clean:
\trm -rf build

.PHONY: all check test clean
`;
}
