import { execFileSync } from 'node:child_process';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { packTflite } from '../../../src/core/tflite/pack/pack-tflite.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import type { Subgraph } from '../../../src/core/tflite/tflite-model.ts';
import { deployModel } from '../../../src/deploy/deploy-model.ts';
import { npyFile } from '../fixtures/npy.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';
import { hasArmCompiler, hasCompiler } from './compilers.ts';
import { runC } from './compile-c.ts';
import { compileForCortexM, cortexMCores } from './cortex-m.ts';
import { tflmStub } from './tflm-stub.ts';

let folder: string;
let file: string;
let output: string;

/** Images of 8x8 pixels and 16 channels are what the network of the tests takes; no camera gives them. */
const data = { format: 'npy', trainInputs: 'x.npy', trainLabels: 'y.npy', preprocessing: { scale: 0.5 } };

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'espalier-deploy-'));
  file = path.join(folder, 'my model-2.tflite');
  output = path.join(folder, 'out');
  await writeFile(file, serializeTflite(packableModel({ values: 16, sparsity: 0.5 })));
});
afterEach(() => rm(folder, { recursive: true }));

const read = (name: string): Promise<string> => readFile(path.join(output, name), 'utf8');
const micro = ['tflm', 'arduino', 'esp-idf', 'zephyr'] as const;
const sources = { tflm: 'src', arduino: 'my_model_2_sketch', 'esp-idf': 'main', zephyr: 'src' } as const;
const parts = ['model', 'preprocess', 'postprocess', 'test_case'].map((part) => `my_model_2_${part}.c`);

describe.skipIf(!hasCompiler)('a folder for microcontrollers', () => {
  it.each(micro)('for %s holds C that compiles without a warning, for this machine and for Cortex-M', async (target) => {
    const { files, warnings } = await deployModel({ file, output, target });
    expect(files).toContain('README.md');
    expect(warnings).toEqual([expect.stringMatching(/no data are given/)]);
    expect((await readdir(output, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())).toHaveLength(files.length);
    const at = path.join(output, sources[target]);
    if (hasArmCompiler) for (const core of cortexMCores) compileForCortexM(at, core, parts);
    await writeFile(
      path.join(at, 'check.c'),
      '#include <stdio.h>\n#include "my_model_2_test_case.h"\nint main(void) { printf("%d", my_model_2_check_preprocessing()); return 0; }\n',
    );
    expect(runC(at, ['check.c', 'my_model_2_preprocess.c', 'my_model_2_test_case.c'])).toBe('0');
  });

  it('holds the bytes of the model, aligned and constant', async () => {
    await deployModel({ file, output, target: 'tflm' });
    const main = `#include <stdio.h>\n#include <stdint.h>\n#include "my_model_2_model.h"\nint main(void) { fwrite(my_model_2_model, 1, my_model_2_model_bytes, stdout); return ((uintptr_t)my_model_2_model & 15) != 0; }\n`;
    await writeFile(path.join(output, 'src', 'dump.c'), main);
    const printed = Buffer.from(runC(path.join(output, 'src'), ['dump.c', 'my_model_2_model.c']), 'latin1');
    expect(printed.equals(await readFile(file))).toBe(true);
  });

  it('registers exactly the operators of the model, the decoder of a packed one among them', async () => {
    const registered = async (): Promise<readonly string[]> =>
      [...(await read('src/my_model_2_runtime.cc')).matchAll(/resolver\.Add(\w+)\(\)/g)].map(([, name]) => name ?? '');
    await deployModel({ file, output, target: 'tflm' });
    expect(await registered()).toEqual(['Conv2D', 'DepthwiseConv2D', 'FullyConnected', 'Reshape']);
    await rm(output, { recursive: true });
    const packed = path.join(folder, 'my model-2.packed.tflite');
    await writeFile(packed, packTflite(await readFile(file), { goal: 'small' }).bytes);
    await deployModel({ file: packed, output, target: 'tflm' });
    expect(await registered()).toEqual(['Conv2D', 'Decode', 'DepthwiseConv2D', 'FullyConnected', 'Reshape']);
  });

  it('has a program that passes with right outputs and fails with wrong ones', async () => {
    await deployModel({ file, output, target: 'tflm' });
    const registrations = ['Conv2D', 'DepthwiseConv2D', 'FullyConnected', 'Reshape'];
    for (const { path: name, contents } of tflmStub(registrations)) {
      await mkdir(path.dirname(path.join(output, name)), { recursive: true });
      await writeFile(path.join(output, name), contents);
    }
    const run = async (outputs: string): Promise<string> => {
      await writeFile(path.join(output, 'stub.cc'), `#include "src/my_model_2_test_case.h"\n${outputs}\n`);
      const flags = ['-Wall', '-Wextra', '-Werror', '-I.', '-Istub'];
      for (const part of parts) execFileSync('gcc', ['-std=c99', ...flags, '-c', `src/${part}`, '-o', `${part}.o`], { cwd: output });
      execFileSync(
        'g++',
        [
          '-std=c++17',
          '-fno-rtti',
          '-fno-exceptions',
          ...flags,
          'src/main.cc',
          'src/my_model_2_runtime.cc',
          'stub.cc',
          ...parts.map((part) => `${part}.o`),
          '-lm',
          '-o',
          'test',
        ],
        { cwd: output },
      );
      try {
        return execFileSync('./test', { cwd: output, encoding: 'utf8' });
      } catch (error) {
        return (error as { readonly stdout: string }).stdout;
      }
    };
    expect(await run('extern "C" { const void *stub_output = my_model_2_test_output; }')).toMatch(
      /inputs differ by 0 at most, outputs by 0\n.*\nPASSED\n$/,
    );
    expect(await run('static int8_t wrong[10]; extern "C" { const void *stub_output = wrong; }')).toMatch(
      /FAILED: the differences are larger than rounding/,
    );
  });

  it('does with examples of the data what the training does', async () => {
    const pixels = Float32Array.from({ length: 40 * 8 * 8 * 16 }, (_, i) => ((i * 37) % 251) - 125);
    await writeFile(path.join(folder, 'x.npy'), npyFile([40, 8, 8, 16], pixels));
    await writeFile(
      path.join(folder, 'y.npy'),
      npyFile(
        [40],
        Int32Array.from({ length: 40 }, (_, i) => i % 10),
      ),
    );
    await writeFile(path.join(folder, 'data.json'), JSON.stringify(data));
    const { warnings } = await deployModel({ file, output, target: 'tflm', data: path.join(folder, 'data.json') });
    expect(warnings).toEqual([]);
    expect(execFileSync('make', ['check'], { cwd: output, encoding: 'utf8' })).toMatch(/inputs differ by 0 at most/);
    expect(await read('README.md')).toMatch(/The first test example of the data, with the outputs of LiteRT/);
    expect(await read('src/my_model_2_preprocess.c')).toMatch(/values\[i\] \* R\(0\.5\)/);
  });
});

it.skipIf(!hasCompiler)(
  'deploys a float model with a warning, since TFLite Micro runs it slowly; inputs of like names get names of their own',
  async () => {
    const b = new NetworkBuilder('net');
    const [first, second] = [b.input([2], 'x/a'), b.input([2], 'x.a')];
    await writeFile(file, writeTflite({ kind: 'float', network: b.build([b.binary('sum', 'add', first, second)]) }));
    const { warnings } = await deployModel({ file, output, target: 'tflm' });
    expect(warnings[0]).toMatch(/computes in float .*: deploy an int8 file/);
    expect([...(await read('src/my_model_2_preprocess.h')).matchAll(/void (\w+)\(/g)].map(([, name]) => name)).toEqual([
      'my_model_2_preprocess_x_a_1',
      'my_model_2_preprocess_x_a_2',
    ]);
    expect(execFileSync('make', ['check'], { cwd: output, encoding: 'utf8' })).toMatch(/inputs differ by 0 at most/);
  },
);

describe('what cannot be deployed is refused, and leaves nothing behind', () => {
  it('a folder that is in use', async () => {
    await mkdir(output);
    await writeFile(path.join(output, 'mine.txt'), '');
    await expect(deployModel({ file, output, target: 'tflm' })).rejects.toThrow(
      /out: the folder is not empty; give a folder that does not exist yet/,
    );
    expect(await readdir(output)).toEqual(['mine.txt']);
  });

  /** A file with each operator or tensor of the network changed. */
  const changed = async (change: (graph: Subgraph) => Partial<Subgraph>): Promise<string> => {
    const model = readTflite(await readFile(file));
    const odd = path.join(folder, 'odd.tflite');
    await writeFile(odd, serializeTflite({ ...model, subgraphs: model.subgraphs.map((graph) => ({ ...graph, ...change(graph) })) }));
    return odd;
  };

  it('operators that TFLite Micro has no kernel for', async () => {
    const odd = await changed(({ operators }) => ({
      operators: operators.map((operator) =>
        operator.name === 'RESHAPE' ? { ...operator, name: 'RELU_N1_TO_1', options: {}, inputs: operator.inputs.slice(0, 1) } : operator,
      ),
    }));
    await expect(deployModel({ file: odd, output, target: 'tflm' })).rejects.toThrow(
      /odd\.tflite: TFLite Micro has no kernel for RELU_N1_TO_1 \(flatten\).*deploy to android, ios or web/,
    );
    expect(await readdir(folder)).not.toContain('out');
  });

  it('kernels of integers with activations in float, as dynamic-range quantization leaves them', async () => {
    const odd = await changed(({ tensors }) => ({
      tensors: tensors.map((tensor) => (tensor.data === undefined ? { ...tensor, type: 'float32', quantization: undefined } : tensor)),
    }));
    await expect(deployModel({ file: odd, output, target: 'zephyr' })).rejects.toThrow(
      /odd\.tflite: TFLite Micro does not multiply float activations with integer kernels \(convolution, depthwise, scores\)/,
    );
  });

  it.each(['arduino', 'android', 'ios', 'web'] as const)('a packed file for %s, where nothing decodes it', async (target) => {
    const packed = path.join(folder, 'packed.tflite');
    await writeFile(packed, packTflite(await readFile(file), { goal: 'small' }).bytes);
    await expect(deployModel({ file: packed, output, target })).rejects.toThrow(
      /packed\.tflite: it is packed for TFLite Micro, and .* needs the plain file; unpack it first/,
    );
    expect(await readdir(folder)).not.toContain('out');
  });

  it('what is no .tflite', async () => {
    await writeFile(path.join(folder, 'a.txt'), 'text');
    await expect(deployModel({ file: path.join(folder, 'a.txt'), output, target: 'tflm' })).rejects.toThrow(/is not a \.tflite file/);
  });
});
