import type { DeployedFile, DeploymentPlan } from '../plan.ts';
import { cComment, cReal, cString } from './names.ts';
import { cType } from './tensor-types.ts';

/** `NAME_postprocess.h` and `.c`: from what the model gives to numbers, and for classes to the best one and its name. */
export function postprocessFiles({ name, file, outputs, labels }: DeploymentPlan): readonly DeployedFile[] {
  const upper = name.toUpperCase();
  const guard = `${upper}_POSTPROCESS_H`;
  const declarations = outputs.map((output) => {
    const { c } = cType(output);
    return `/* ${cComment(output.details.name)} [${output.details.shape.join(', ')}]: the real number that an element stands for. */
float ${name}_output_value${output.suffix}(${c} element);

/* Index of the largest of the ${output.elements} elements. */
int ${name}_best${output.suffix}(const ${c} *output);`;
  });
  const definitions = outputs.map((output) => {
    const { c, bounds } = cType(output);
    const value = bounds === undefined ? '(float)element' : `(float)((element - (${output.zeroPoint})) * ${cReal(output.scale)})`;
    return `float ${name}_output_value${output.suffix}(${c} element) {
  return ${value};
}

int ${name}_best${output.suffix}(const ${c} *output) {
  int best = 0;
  int i;
  for (i = 1; i < ${output.elements}; i++)
    if (output[i] > output[best]) best = i;
  return best;
}`;
  });
  const names =
    labels === undefined
      ? ''
      : `\nconst char *const ${name}_labels[${labels.length}] = {\n${labels.map((label) => `    ${cString(label)},`).join('\n')}\n};\n`;
  return [
    {
      path: `${name}_postprocess.h`,
      contents: `/* From the outputs of ${cComment(file)} to numbers. Written by Espalier. */
#ifndef ${guard}
#define ${guard}

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
${labels === undefined ? '' : `\n#define ${upper}_CLASSES ${labels.length}\n\n/* By the index of the output, UTF-8. */\nextern const char *const ${name}_labels[${labels.length}];\n`}
${declarations.join('\n\n')}

#ifdef __cplusplus
}
#endif

#endif
`,
    },
    {
      path: `${name}_postprocess.c`,
      contents: `/* Written by Espalier: see ${name}_postprocess.h. */\n#include "${name}_postprocess.h"\n${names}\n${definitions.join('\n\n')}\n`,
    },
  ];
}
