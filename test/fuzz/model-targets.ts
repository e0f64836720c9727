/** Small models in every format, generated or read, as originals for mutations. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTfjsLayers } from '../../src/core/export/tfjs-layers.ts';
import { importModel } from '../../src/core/import/import-model.ts';
import { digitsCnn } from '../../src/core/models/digits-cnn.ts';
import { mnistCnn } from '../../src/core/models/mnist-cnn.ts';
import { prepareForDeployment } from '../../src/core/network/passes/prepare-for-deployment.ts';
import { quantizeNetwork } from '../../src/core/quantize/quantize-network.ts';
import { inspectModel } from '../../src/core/tree/operations/inspect-model.ts';
import { dataTypes } from '../../src/core/protobuf/onnx.ts';
import { kerasH5, kerasV3 } from '../unit/import/keras-model-files.ts';
import { OnnxWriter } from '../unit/import/onnx/onnx-model.ts';
import { writeTflite } from '../../src/core/tflite/write-tflite.ts';

/** A copy: a slice of Node's Buffer shares its memory, and mutations would add up. */
const read = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path));

/** One dense layer. */
const dense = {
  config: {
    class_name: 'Sequential',
    config: {
      name: 'net',
      layers: [
        { class_name: 'InputLayer', config: { name: 'input', batch_input_shape: [null, 3] } },
        { class_name: 'Dense', config: { name: 'dense', units: 2, activation: 'relu' } },
      ],
    },
  },
  weights: [
    { name: 'kernel', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: 'bias', shape: [2], data: Float32Array.of(0.5, -0.5) },
  ],
};

export interface FuzzTarget {
  readonly name: string;
  readonly original: Uint8Array;
  /** Reads the damaged bytes; must resolve or reject with an `EspalierError`. */
  read(bytes: Uint8Array): Promise<unknown>;
}

/** The digits network in int8, which only inspection reads. */
function smallIntegerFile(): Uint8Array {
  const network = prepareForDeployment(digitsCnn({ seed: 1 }));
  const ranges = new Map([...network.values.keys()].map((id) => [id, { minimum: -1, maximum: 1 }] as const));
  return writeTflite({ kind: 'integer', quantized: quantizeNetwork({ network, ranges }), inputType: 'int8', outputType: 'int8' });
}

/** Of each kind of thing that the reader meets: shape arithmetic, constants of several types, a pattern, a function. */
function smallOnnx(): Uint8Array {
  const model = new OnnxWriter(3);
  const convolved = model.node('Conv', [model.input('x', ['n', 3, 8, 8]), model.weight([4, 3, 3, 3])], {
    pads: [1, 1, 1, 1],
    strides: [2, 2],
  });
  const swished = model.node('Mul', [convolved, model.node('HardSigmoid', [convolved], { alpha: { float: 1 / 6 } })]);
  const pooled = model.node('MaxPool', [swished], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 });
  const batch = model.node('Gather', [model.node('Shape', [pooled]), model.integers([0], [])]);
  const shape = model.node('Concat', [model.node('Unsqueeze', [batch, model.integers([0])]), model.integers([-1])], { axis: 0 });
  const flat = model.node('Reshape', [model.node('Called', [pooled], {}, 'called', 'local'), shape]);
  const half = model.tensor({ name: 'half', dims: [16, 2], dataType: dataTypes.float16, rawData: new Uint8Array(64).fill(0x3c) });
  model.output(model.node('Softmax', [model.node('MatMul', [flat, half])]));
  const body = [{ input: ['a'], output: ['b'], opType: 'Sigmoid' }];
  return model.bytes({ functions: [{ name: 'Called', domain: 'local', input: ['a'], output: ['b'], node: body }] });
}

/** `dataFolder` adds real models of HDF5 and .keras, and SavedModel, which is not written here; `dispose` removes the temporary folder. */
export async function modelTargets(
  dataFolder: string | undefined,
): Promise<{ readonly targets: readonly FuzzTarget[]; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-fuzz-'));
  const file = (name: string, original: Uint8Array): FuzzTarget => ({
    name,
    original,
    read: async (bytes) => {
      const path = join(folder, 'model');
      await writeFile(path, bytes);
      return importModel(path);
    },
  });
  const { json, weights } = writeTfjsLayers(mnistCnn({ seed: 1 }));
  await writeFile(join(folder, 'weights.bin'), weights);
  const quantized = smallIntegerFile();
  const targets: FuzzTarget[] = [
    file('tfjs model.json', new TextEncoder().encode(json)),
    {
      name: 'tfjs weights.bin',
      original: weights,
      read: async (bytes) => {
        await writeFile(join(folder, 'weights.bin'), bytes);
        try {
          await writeFile(join(folder, 'model.json'), json);
          return await importModel(join(folder, 'model.json'));
        } finally {
          await writeFile(join(folder, 'weights.bin'), weights);
        }
      },
    },
    file('tflite', writeTflite({ kind: 'float', network: mnistCnn({ seed: 1 }) })),
    {
      name: 'int8 tflite, inspected',
      original: quantized,
      read: async (bytes) => {
        const path = join(folder, 'model');
        await writeFile(path, bytes);
        return inspectModel(path);
      },
    },
    file('onnx', smallOnnx()),
    file(
      'small.h5',
      await kerasH5(dense.config, new Map([['dense', dense.weights.map((weight) => ({ ...weight, name: `dense/${weight.name}` }))]])),
    ),
    file(
      'small.keras',
      await kerasV3(
        dense.config,
        dense.weights.map((weight, i) => ({ ...weight, name: `layers/dense/vars/${i}` })),
      ),
    ),
  ];
  if (dataFolder !== undefined) {
    const models = join(dataFolder, 'models');
    targets.push(
      file('h5', await read(join(models, 'h5', 'dl4j_cnn_batch_norm.h5'))),
      file('keras', await read(join(models, 'keras', 'moonflower_mnist_model.keras'))),
      file('real onnx', await read(join(models, 'onnx', 'mnist_pytorch.onnx'))),
    );
    const parts = ['saved_model.pb', 'variables/variables.index', 'variables/variables.data-00000-of-00001'];
    const savedModel = join(folder, 'saved-model');
    await mkdir(join(savedModel, 'variables'), { recursive: true });
    const originals = await Promise.all(parts.map((part) => read(join(models, 'savedmodel', 'kws_ref_model', part))));
    const restore = async (): Promise<void> => {
      for (const [i, part] of parts.entries()) await writeFile(join(savedModel, part), originals[i] ?? '');
    };
    for (const [i, part] of parts.entries()) {
      targets.push({
        name: `saved model ${part}`,
        original: originals[i] ?? new Uint8Array(),
        read: async (bytes) => {
          await restore();
          await writeFile(join(savedModel, part), bytes);
          return importModel(savedModel);
        },
      });
    }
  }
  return { targets, dispose: () => rm(folder, { recursive: true, force: true }) };
}
