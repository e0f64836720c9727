/**
 * Decodes what TFLite Micro's operator TFLM_DECODE decodes, from the bytes of a packed file. It shares no code with the
 * encoders, so that equal integers prove that both read the format alike.
 *
 * Layout of the ancillary data: a header of 16 bytes (0 scheme, 1 version, 4 version of the scheme, 5-6 parameters),
 * then tables. Source: TFLite Micro, `kernels/decode_state*.h`.
 */
import { EspalierError } from '../../errors.ts';
import { tensorBytes } from '../schema/tensor-types.ts';
import { elementCount, type TfliteTensor } from '../tflite-model.ts';

/** A packed tensor: the inputs and the output of its TFLM_DECODE operator. */
export interface DecodeInput {
  readonly encoded: Uint8Array;
  readonly ancillary: Uint8Array;
  /** The tensor that is computed: its type, shape and quantization; it has no data. */
  readonly output: TfliteTensor;
}

/** By byte 0 of the ancillary data. */
const decodedSchemes = ['lut', 'huffman', 'prune'] as const;

/** What packed data are stored as: `lut`, `huffman`, `prune`, or the number of a scheme that is not known here. */
export function schemeOf(ancillary: Uint8Array): string {
  const code = ancillary[0] ?? 0;
  return decodedSchemes[code] ?? `scheme ${code}`;
}

/**
 * The little-endian bytes of the decoded tensor.
 *
 * @throws EspalierError `invalid-model` when the data do not decode to a tensor of this shape, `unsupported-model` for
 * schemes, versions and types that this reader does not know.
 */
export function decodeTensor(input: DecodeInput): Uint8Array {
  const { encoded, ancillary, output } = input;
  if (ancillary.length < 16) throw damaged(output, `its ancillary data have ${ancillary.length} bytes, not 16 or more`);
  const [scheme = 0, version, , , schemeVersion] = ancillary;
  if (version !== 1 || schemeVersion !== 1) throw unsupported(output, `version ${version}.${schemeVersion} of its scheme`);
  const elements = elementCount(output.shape);
  // Each scheme takes a bit for each element at the least, so what is allocated is bounded by the file.
  if (elements > encoded.length * 8) throw damaged(output, `${encoded.length} bytes are too few for ${elements} elements`);
  switch (decodedSchemes[scheme]) {
    case 'lut':
      return decodeLut(input, elements);
    case 'huffman':
      return decodeHuffman(input, elements);
    case 'prune':
      return decodePrune(input, elements);
    default:
      throw unsupported(output, `scheme ${scheme}`);
  }
}

function decodeLut({ encoded, ancillary, output }: DecodeInput, elements: number): Uint8Array {
  const width = (ancillary[5] ?? 0) & 7;
  const stride = ancillary[6] ?? 0;
  const size = elementBytes(output);
  const tables = ancillary.subarray(16);
  if (width === 0) throw damaged(output, 'its indices have 0 bits');
  if (encoded.length * 8 < elements * width) throw damaged(output, `${encoded.length} bytes are too few for indices of ${width} bits`);
  const decoded = new Uint8Array(elements * size);
  const channel = channels(output, elements);
  let position = 0;
  for (let element = 0; element < elements; element++) {
    let index = 0;
    for (let bit = 0; bit < width; bit++, position++) index = index * 2 + bitAt(encoded, position);
    const from = (channel(element) * stride + index) * size;
    if (from + size > tables.length) throw damaged(output, `index ${index} of element ${element} is outside its table`);
    for (let byte = 0; byte < size; byte++) decoded[element * size + byte] = tables[from + byte] ?? 0;
  }
  return decoded;
}

function decodePrune({ encoded, ancillary, output }: DecodeInput, elements: number): Uint8Array {
  const size = elementBytes(output);
  const zeroPoints = output.quantization?.zeroPoints ?? [0];
  const values = ancillary.subarray(16);
  const decoded = new Uint8Array(elements * size);
  const view = new DataView(decoded.buffer);
  const channel = channels(output, elements);
  let next = 0;
  for (let element = 0; element < elements; element++) {
    if (bitAt(encoded, element) === 0) {
      const zeroPoint = zeroPoints[channel(element)] ?? 0;
      if (size === 1) view.setInt8(element, zeroPoint);
      else if (zeroPoint !== 0) throw unsupported(output, `a zero point of ${zeroPoint} with elements of ${size} bytes`);
      continue;
    }
    if (next + size > values.length) throw damaged(output, 'its mask keeps more weights than are stored');
    for (let byte = 0; byte < size; byte++) decoded[element * size + byte] = values[next++] ?? 0;
  }
  return decoded;
}

function decodeHuffman({ encoded, ancillary, output }: DecodeInput, elements: number): Uint8Array {
  const size = elementBytes(output);
  const parameters = ancillary[5] ?? 0;
  const wide = (parameters & 1) === 1;
  if (size > 2 || (size === 2 && !wide)) throw unsupported(output, `Huffman words for ${output.type}`);
  const firstBits = (parameters >> 4) + 1;
  const tables = new DataView(ancillary.buffer, ancillary.byteOffset + 16, ancillary.byteLength - 16);
  const entryBytes = wide ? 4 : 2;
  const entryCount = Math.floor(tables.byteLength / entryBytes);
  const countShift = wide ? 27 : 11;
  const valueMask = wide ? 0x7ffffff : 0x7ff;
  const decoded = new Uint8Array(elements * size);
  const view = new DataView(decoded.buffer);
  const available = encoded.length * 8;
  // The last look-up may read ahead; a further word is more than any table does.
  const end = available + 32;
  let position = 0;
  for (let element = 0; element < elements; element++) {
    let taken = firstBits;
    let at = 0;
    for (;;) {
      for (let bit = 0, index = 0; bit < taken; bit++) {
        index = index * 2 + bitAt(encoded, position++);
        if (bit === taken - 1) at += index;
      }
      if (at >= entryCount) throw damaged(output, `a code word of element ${element} leads outside its tables`);
      const entry = wide ? tables.getUint32(at * 4, true) : tables.getUint16(at * 2, true);
      const count = (entry >>> countShift) & 15;
      const value = entry & valueMask;
      if (entry >>> (wide ? 31 : 15) === 1) {
        if (count < taken) position -= taken - count;
        if (size === 1) view.setUint8(element, value & 0xff);
        else view.setUint16(element * 2, value & 0xffff, true);
        break;
      }
      if (position > end) throw damaged(output, 'its code words end before its elements do');
      at += value;
      taken = count + 1;
    }
    if (position > available) throw damaged(output, 'its code words end before its elements do');
  }
  return decoded;
}

/** 0 after the end, where a decoder reads ahead. */
function bitAt(bytes: Uint8Array, position: number): number {
  return ((bytes[position >> 3] ?? 0) >> (7 - (position & 7))) & 1;
}

/** The channel of an element, for quantization along the first or the last dimension. */
function channels({ quantization, shape, name }: TfliteTensor, elements: number): (element: number) => number {
  const count = quantization?.scales.length ?? 1;
  if (count === 1) return () => 0;
  const axis = quantization?.axis ?? 0;
  if (axis === 0) return (element) => Math.floor(element / (elements / count));
  if (axis === shape.length - 1) return (element) => element % count;
  throw new EspalierError('unsupported-model', `its scales lie along dimension ${axis}, neither the first nor the last`, {
    where: `packed tensor "${name}"`,
  });
}

function elementBytes(output: TfliteTensor): number {
  const size = tensorBytes(output.type, 1);
  if (size === undefined || tensorBytes(output.type, 2) !== size * 2) throw unsupported(output, `elements of type ${output.type}`);
  return size;
}

function damaged({ name }: TfliteTensor, what: string): EspalierError {
  return new EspalierError('invalid-model', what, {
    where: `packed tensor "${name}"`,
    fix: 'the file is damaged; pack the plain file again',
  });
}

function unsupported({ name }: TfliteTensor, what: string): EspalierError {
  return new EspalierError('unsupported-model', `${what} is not known`, {
    where: `packed tensor "${name}"`,
    fix: 'known are version 1 of lookup tables, Huffman codes and masks, of int8 and int16',
  });
}
