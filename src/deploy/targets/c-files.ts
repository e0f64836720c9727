import { modelFiles } from '../c/model-files.ts';
import { postprocessFiles } from '../c/postprocess-files.ts';
import { preprocessFiles } from '../c/preprocess-files.ts';
import { runtimeFiles } from '../c/runtime-files.ts';
import { testCaseFiles } from '../c/test-case-files.ts';
import type { DeployedFile, MicroPlan } from '../plan.ts';

/** What every target of TFLite Micro has: model, preprocessing, runtime and test case, in a folder of the project. */
export function microFiles(plan: MicroPlan, folder: string, extension: 'cc' | 'cpp' = 'cc'): readonly DeployedFile[] {
  return [modelFiles(plan), preprocessFiles(plan), postprocessFiles(plan), testCaseFiles(plan), runtimeFiles(plan, extension)]
    .flat()
    .map(({ path, contents }) => ({ path: `${folder}${path}`, contents }));
}

/** Names of what a build compiles: `main.cc` of the target, and the sources of `microFiles`. */
export function microSources({ name }: MicroPlan): readonly string[] {
  return ['main.cc', `${name}_runtime.cc`, ...['model', 'preprocess', 'postprocess', 'test_case'].map((part) => `${name}_${part}.c`)];
}
