import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packTflite } from '../../../src/core/tflite/pack/pack-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { deployModel } from '../../../src/deploy/deploy-model.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';
import { compileForCortexM, runOnCortexM } from './cortex-m.ts';

const forms = ['plain', 'small', 'fast'] as const;
type Form = (typeof forms)[number];

/** Sources of TFLite Micro; the others default to where its own Makefile puts them. */
const sources = process.env['ESPALIER_TFLM'];
/** Folders of flatbuffers, gemmlowp and ruy, separated by colons. */
const includes = process.env['ESPALIER_TFLM_INCLUDES'];
const library = process.env['ESPALIER_TFLM_LIBRARY'];
/** The library built for Cortex-M4 with its FPU, and for Cortex-M55. */
const armLibraries = [
  ['cortex-m4', process.env['ESPALIER_TFLM_CORTEX_M4_LIBRARY']],
  ['cortex-m55', process.env['ESPALIER_TFLM_CORTEX_M55_LIBRARY']],
] as const;
const armRuns = armLibraries.flatMap(([core, built]) => (built === undefined ? [] : forms.map((form) => ({ core, form, built }))));

let folder: string;
let output: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'espalier-tflm-'));
  output = path.join(folder, 'out');
});
afterEach(() => rm(folder, { recursive: true }));

async function deploy(form: Form): Promise<void> {
  const plain = serializeTflite(packableModel({ values: 16, sparsity: 0.5 }));
  const file = path.join(folder, 'net.tflite');
  await writeFile(file, form === 'plain' ? plain : packTflite(plain, { goal: form }).bytes);
  await deployModel({ file, output, target: 'tflm' });
}

function includeFlags(): readonly string[] {
  const downloads = path.join(sources ?? '', 'tensorflow/lite/micro/tools/make/downloads');
  const others = includes?.split(':') ?? ['flatbuffers/include', 'gemmlowp', 'ruy'].map((name) => path.join(downloads, name));
  return [sources ?? '', ...others].map((include) => `-I${include}`);
}

describe.skipIf(sources === undefined)('TFLite Micro runs the program, which passes its test', () => {
  it.each(forms)('with the %s file, on this machine', { timeout: 600_000 }, async (form) => {
    await deploy(form);
    const chosen = library === undefined ? [] : [`LIBRARY=${library}`];
    const { stdout, stderr } = spawnSync('make', [`TFLM=${sources ?? ''}`, `INCLUDES=${includeFlags().join(' ')}`, ...chosen, 'test'], {
      cwd: output,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toMatch(/outputs by [012]\r?\n.*\r?\nPASSED\r?\n/);
  });

  it.skipIf(armRuns.length === 0).each(armRuns)(
    'with the $form file, on $core in QEMU',
    { timeout: 600_000 },
    async ({ core, form, built }) => {
      await deploy(form);
      const parts = ['model', 'preprocess', 'postprocess', 'test_case'].map((part) => `src/net_${part}.c`);
      const all = ['src/main.cc', 'src/net_runtime.cc', ...parts];
      compileForCortexM(output, core, all, ['-DTF_LITE_STATIC_MEMORY', ...includeFlags()]);
      expect(runOnCortexM(output, core, all, [built])).toMatch(/outputs by [012]\r?\n.*\r?\nPASSED\r?\n/);
    },
  );
});
