import { basename } from 'node:path';
import { resample } from '../core/data/audio/resample.ts';
import type { DataSet } from '../core/data/dataset.ts';
import type { Example } from '../core/data/example-source.ts';
import { resizeImage } from '../core/data/images/resize.ts';
import { plainName } from '../core/data/inputs/model-inputs.ts';
import type { InputSteps } from '../core/data/preprocessing/input-steps.ts';
import { EspalierError } from '../core/errors.ts';
import { encodeReal } from '../core/measure/tflite-scorer.ts';
import { createRandom } from '../core/random.ts';
import { isPacked, unpackModel } from '../core/tflite/pack/unpack-model.ts';
import { readTflite } from '../core/tflite/read-tflite.ts';
import { loadRuntime, type Interpreter, type TensorDetails } from '../core/tflite/runtime.ts';
import { serializeTflite } from '../core/tflite/serialize-tflite.ts';
import { cIdentifier } from './c/names.ts';
import type { DeploymentPlan, PlannedInput, PlannedTensor, TestCase } from './plan.ts';

export interface PlanRequest {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Begins every symbol; default: the file's name. */
  readonly name?: string | undefined;
  /** Examples of the model's task, for the preprocessing and the test case. */
  readonly data?: DataSet | undefined;
}

/** Runs the model on one example, and gathers all that its files are generated from. */
export async function planDeployment({ file, bytes, name, data }: PlanRequest): Promise<DeploymentPlan> {
  const model = readTflite(bytes);
  const packed = isPacked(model);
  const plain = packed ? serializeTflite(unpackModel(model)) : bytes;
  const runtime = await loadRuntime();
  const interpreter = await runtime.load(plain);
  try {
    const inputs = plannedTensors(interpreter.inputs).map((tensor, i): PlannedInput => ({
      ...tensor,
      steps: data?.stored?.steps[i] ?? asIs(tensor),
    }));
    return {
      name: cIdentifier(name ?? basename(file).replace(/(\.packed)?\.tflite$/i, '')),
      file: basename(file),
      model: bytes,
      packed,
      plain,
      inputs,
      outputs: plannedTensors(interpreter.outputs),
      labels: data?.target.kind === 'classes' ? data.target.names : undefined,
      test: await testCase(inputs, interpreter, data, runtime.description),
    };
  } finally {
    await interpreter.dispose();
  }
}

function plannedTensors(tensors: readonly TensorDetails[]): readonly PlannedTensor[] {
  const names = tensors.map(({ name }) => cIdentifier(plainName(name)));
  return tensors.map((details, index) => {
    if (details.shape.length > 1 && details.shape[0] !== 1)
      throw new EspalierError('unsupported-model', `its batch is ${details.shape[0] ?? 0}`, {
        where: `tensor "${details.name}"`,
        fix: 'convert the model with a batch of 1',
      });
    return {
      details,
      suffix: tensors.length === 1 ? '' : `_${uniqueName(names, index)}`,
      elements: details.shape.reduce((product, size) => product * size, 1),
      scale: details.quantization?.scales[0] ?? 1,
      zeroPoint: details.quantization?.zeroPoints[0] ?? 0,
    };
  });
}

/** Names that differ in nothing that C keeps of them are numbered. */
function uniqueName(names: readonly string[], index: number): string {
  const name = names[index] ?? '';
  return names.filter((other) => other === name).length === 1 ? name : `${name}_${index + 1}`;
}

/** Without data: the numbers as the model takes them. */
function asIs({ details }: PlannedTensor): InputSteps {
  return { kind: 'tensor', inputShape: details.shape.slice(1), scale: [1], offset: [0] };
}

async function testCase(
  inputs: readonly PlannedInput[],
  interpreter: Interpreter,
  data: DataSet | undefined,
  runtime: string,
): Promise<TestCase> {
  const stored = data?.stored;
  const fromData = stored !== undefined && data !== undefined && data.size > 0;
  const examples = fromData
    ? (await stored.load(0)).map((example, i) => asDeviceHasIt(example, inputs[i]?.steps))
    : inputs.map(madeExample);
  const values = fromData
    ? stored.prepare(examples)
    : examples.map((example) => (example.kind === 'tensor' ? Float32Array.from(example.data) : new Float32Array()));
  const encoded = inputs.map(({ details }, i) => encodeReal(details, values[i] ?? new Float32Array()));
  return { examples, fromData, inputs: encoded, outputs: await interpreter.run(encoded), runtime };
}

/** Larger images would fill the flash. */
const longestSide = 96;

/** An example as it comes from a sensor: sound in 16 bits at the rate that is wanted, an image of a camera's small size. */
function asDeviceHasIt(example: Example, steps: InputSteps | undefined): Example {
  switch (example.kind) {
    case 'sound': {
      const wanted = steps?.kind === 'sound' ? steps : { sampleRate: example.sampleRate, samples: example.samples.length };
      const samples = resample(example.samples, example.sampleRate, wanted.sampleRate).slice(0, wanted.samples);
      return {
        kind: 'sound',
        sampleRate: wanted.sampleRate,
        samples: samples.map((sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32768))) / 32768),
      };
    }
    case 'image': {
      const [height, width, channels] = example.shape;
      const least = steps?.kind === 'image' && steps.fit === 'resizeThenCrop' ? Math.max(steps.height, steps.width) : longestSide;
      const factor = Math.min(1, Math.max(longestSide, least) / Math.min(height, width));
      if (factor === 1) return example;
      const [h, w] = [Math.round(height * factor), Math.round(width * factor)];
      return { kind: 'image', shape: [h, w, channels], data: resizeImage({ height, width, channels, data: example.data }, h, w).data };
    }
    case 'tensor':
      return { ...example, data: Float32Array.from(example.data) };
  }
}

/** Numbers over the whole range that the input holds. */
function madeExample({ details, elements, scale, zeroPoint }: PlannedInput): Example {
  const random = createRandom(1);
  const [low, high] = details.type === 'uint8' ? [0, 255] : [-128, 127];
  const data = Float32Array.from({ length: elements }, () =>
    details.type === 'float32'
      ? random.normal()
      : details.type === 'int32'
        ? 0
        : (low + random.integer(high - low + 1) - zeroPoint) * scale,
  );
  return { kind: 'tensor', shape: details.shape.slice(1), data };
}
