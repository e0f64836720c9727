import { EspalierError } from '../../core/errors.ts';
import type { PlannedTensor } from '../plan.ts';
import { cReal } from './names.ts';

/** How C holds the numbers of a tensor of the model's interface. */
export interface CType {
  readonly c: string;
  /** Bounds of the integers; undefined for real numbers. */
  readonly bounds: readonly [minimum: number, maximum: number] | undefined;
  /** The numbers of raw little-endian bytes. */
  readonly read: (bytes: Uint8Array) => ArrayLike<number>;
}

const types: Readonly<Record<string, CType>> = {
  int8: { c: 'int8_t', bounds: [-128, 127], read: (bytes) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) },
  uint8: { c: 'uint8_t', bounds: [0, 255], read: (bytes) => bytes },
  int16: { c: 'int16_t', bounds: [-32768, 32767], read: (bytes) => new Int16Array(bytes.slice().buffer) },
  int32: { c: 'int32_t', bounds: undefined, read: (bytes) => new Int32Array(bytes.slice().buffer) },
  float32: { c: 'float', bounds: undefined, read: (bytes) => new Float32Array(bytes.slice().buffer) },
};

/** @throws EspalierError `unsupported-model` for a type that generated programs do not pass on */
export function cType({ details }: PlannedTensor): CType {
  const found = Object.hasOwn(types, details.type) ? types[details.type] : undefined;
  if (found === undefined)
    throw new EspalierError('unsupported-model', `its elements are ${details.type}`, {
      where: `tensor "${details.name}"`,
      fix: `convert the model with ${Object.keys(types).join(', ')} inputs and outputs`,
    });
  return found;
}

/** Expression that turns a real number into an element, as LiteRT's QUANTIZE rounds: halves away from zero, clamped. */
export function quantized(tensor: PlannedTensor, name: string, value: string): string {
  const { c, bounds } = cType(tensor);
  return bounds === undefined ? `(${c})(${value})` : `${name}${tensor.suffix}_quantize((float)(${value}))`;
}

/** The function that `quantized` calls; empty for real numbers. */
export function quantizer(tensor: PlannedTensor, name: string): string {
  const { c, bounds } = cType(tensor);
  if (bounds === undefined) return '';
  const [minimum, maximum] = bounds;
  return `static ${c} ${name}${tensor.suffix}_quantize(float value) {
  const real scaled = value / R(${cReal(tensor.scale)});
  const real rounded = (scaled < R(0) ? -floor(R(0.5) - scaled) : floor(scaled + R(0.5))) + R(${tensor.zeroPoint});
  return rounded < R(${minimum}) ? (${c})${minimum} : rounded > R(${maximum}) ? (${c})${maximum} : (${c})rounded;
}`;
}
