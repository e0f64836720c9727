import { EspalierError } from '../errors.ts';
import type { Interpreter, TensorDetails } from '../tflite/runtime.ts';

/** Runs examples one by one through an interpreter, from and to real numbers. */
export interface TfliteScorer {
  /** `[size, input length]` for each input -> `[size, output length]` of each output; of those that are not measured nothing */
  run(inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]>;
}

/** @param measured places of the outputs that are measured, from 0; others may be of types that cannot be read */
export function createScorer(interpreter: Interpreter, measured: readonly number[] = [0]): TfliteScorer {
  if (interpreter.outputs.length === 0) throw new EspalierError('unsupported-model', 'it has no output to measure');
  const encoders = interpreter.inputs.map(encodeExamples);
  const decoders = interpreter.outputs.map((output, index) =>
    measured.includes(index) ? { length: elements(output), decode: decoder(output) } : { length: 0, decode: undefined },
  );
  return {
    run: async (inputs, size) => {
      if (inputs.length !== encoders.length)
        throw new EspalierError('invalid-data', `the data feed ${inputs.length} inputs, but the model takes ${encoders.length}`, {
          where: 'model and data',
          fix: 'name the data of each input in the data spec',
        });
      const encode = inputs.map((values, index) => encoders[index]?.(values, size) ?? (() => new Uint8Array()));
      const outputs = decoders.map(({ length }) => new Float32Array(size * length));
      for (let example = 0; example < size; example++) {
        const results = await interpreter.run(encode.map((tensor) => tensor(example)));
        decoders.forEach(({ length, decode }, index) => {
          const [result, into] = [results[index], outputs[index]];
          if (result !== undefined && into !== undefined) decode?.(result, into, example * length);
        });
      }
      return outputs;
    },
  };
}

/** From the numbers of a batch to the bytes of each of its examples. */
function encodeExamples(input: TensorDetails): (values: Float32Array, size: number) => (example: number) => Uint8Array {
  const length = elements(input);
  const encode = encoder(input);
  return (values, size) => {
    if (values.length !== size * length)
      throw new EspalierError(
        'invalid-data',
        `an example has ${values.length / size} numbers, but the model takes [${input.shape.join(', ')}]`,
        { where: `input "${input.name}"`, fix: 'check the shape that the data set is preprocessed to' },
      );
    return (example) => encode(values.subarray(example * length, (example + 1) * length));
  };
}

/** The bytes of real numbers as the tensor holds them: quantized, or as they are. A new array each time. */
export function encodeReal(tensor: TensorDetails, values: Float32Array): Uint8Array {
  const one = { ...tensor, shape: [1, values.length] };
  return encoder(one)(values).slice();
}

function elements(tensor: TensorDetails): number {
  if (tensor.shape[0] !== 1 && tensor.shape.length > 1)
    throw new EspalierError(
      'unsupported-model',
      `its batch is ${tensor.shape[0] ?? 0}; files that take one example at a time can be measured`,
      { where: `tensor "${tensor.name}"` },
    );
  return tensor.shape.reduce((product, size) => product * size, 1);
}

/**
 * Quantizes as the TFLite converter's QUANTIZE does: `round(x / scale) + zero point`, halves away from zero, clamped. The
 * bytes are overwritten by the next example's.
 */
function encoder(tensor: TensorDetails): (values: Float32Array) => Uint8Array {
  const length = elements(tensor);
  switch (tensor.type) {
    case 'float32':
      return bytesOf;
    case 'int8':
      return quantizer(tensor, new Int8Array(length), -128, 127);
    case 'uint8':
      return quantizer(tensor, new Uint8Array(length), 0, 255);
    case 'int16':
      return quantizer(tensor, new Int16Array(length), -32768, 32767);
    case 'int32':
      return (values) => bytesOf(Int32Array.from(values));
    default:
      throw new EspalierError('unsupported-model', `its inputs are ${tensor.type}`, {
        where: `tensor "${tensor.name}"`,
        fix: 'convert the model with int8, uint8, int16 or float32 inputs',
      });
  }
}

/** A plain loop: `from` with a function took longer than a small network's inference. */
function quantizer(
  tensor: TensorDetails,
  integers: Int8Array | Uint8Array | Int16Array,
  minimum: number,
  maximum: number,
): (values: Float32Array) => Uint8Array {
  const scale = tensor.quantization?.scales[0] ?? 1;
  const zero = tensor.quantization?.zeroPoints[0] ?? 0;
  const bytes = bytesOf(integers);
  return (values) => {
    for (let i = 0; i < integers.length; i++) {
      const scaled = (values[i] ?? 0) / scale;
      const rounded = scaled < 0 ? -Math.round(-scaled) : Math.round(scaled);
      integers[i] = Math.min(maximum, Math.max(minimum, rounded + zero));
    }
    return bytes;
  };
}

function decoder(tensor: TensorDetails): (bytes: Uint8Array, into: Float32Array, offset: number) => void {
  const scale = tensor.quantization?.scales[0] ?? 1;
  const zero = tensor.quantization?.zeroPoints[0] ?? 0;
  const dequantize = (values: ArrayLike<number>, into: Float32Array, offset: number): void => {
    for (let i = 0; i < values.length; i++) into[offset + i] = ((values[i] ?? 0) - zero) * scale;
  };
  switch (tensor.type) {
    case 'float32':
      return (bytes, into, offset) => into.set(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2), offset);
    case 'int8':
      return (bytes, into, offset) => dequantize(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length), into, offset);
    case 'uint8':
      return dequantize;
    case 'int16':
      return (bytes, into, offset) => dequantize(new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1), into, offset);
    default:
      throw new EspalierError('unsupported-model', `its outputs are ${tensor.type}`, {
        where: `tensor "${tensor.name}"`,
        fix: 'convert the model with int8, uint8, int16 or float32 outputs',
      });
  }
}

function bytesOf(values: Float32Array | Int8Array | Uint8Array | Int16Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
