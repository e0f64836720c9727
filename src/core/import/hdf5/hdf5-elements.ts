/** Elements of HDF5's datasets and attributes: numbers as processors have them, and texts. */

/** What is not read here; the library decides. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain';
}

/** @throws NotPlain */
export function mustBe(condition: boolean): asserts condition {
  if (!condition) throw new NotPlain();
}

type NumberType =
  { readonly kind: 'float'; readonly size: 4 | 8 } | { readonly kind: 'integer'; readonly size: 1 | 2 | 4 | 8; readonly isSigned: boolean };

export type ElementType = NumberType | { readonly kind: 'text'; readonly size: number; readonly isVariable: boolean };

/**
 * Of a datatype message (section IV.A.2.d of the HDF5 File Format Specification 3.0), little-endian.
 *
 * @throws NotPlain for every other type
 */
export function elementTypeAt(view: DataView, at: number): ElementType {
  const kind = view.getUint8(at) & 0xf;
  const bits = view.getUint8(at + 1);
  const size = view.getUint32(at + 4, true);
  if (kind === 0) {
    mustBe((size === 1 || size === 2 || size === 4 || size === 8) && (bits & 1) === 0);
    mustBe(view.getUint32(at + 8, true) === (size * 8) << 16);
    return { kind: 'integer', size, isSigned: (bits & 8) !== 0 };
  }
  if (kind === 1) {
    mustBe((size === 4 || size === 8) && (bits & 0x41) === 0);
    const [place, exponent, mantissa] = size === 4 ? [0x1708, 23, 127] : [0x340b, 52, 1023];
    mustBe(view.getUint32(at + 8, true) === (size * 8) << 16 && view.getUint16(at + 12, false) === place);
    mustBe(view.getUint16(at + 14, false) === exponent && view.getUint32(at + 16, true) === mantissa);
    return { kind: 'float', size };
  }
  // Padded by spaces (2) is rare.
  if (kind === 3) mustBe((bits & 0xf) < 2);
  else mustBe(kind === 9 && (bits & 0xf) === 1);
  return { kind: 'text', size, isVariable: kind === 9 };
}

/** A copy of so many numbers. */
export function floatsAt(view: DataView, start: number, length: number, element: NumberType): Float32Array {
  const read = readerOf(element, view);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = read(start + i * element.size);
  return values;
}

function readerOf(element: NumberType, view: DataView): (offset: number) => number {
  if (element.kind === 'float') return element.size === 4 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  const { isSigned } = element;
  switch (element.size) {
    case 1:
      return isSigned ? (at) => view.getInt8(at) : (at) => view.getUint8(at);
    case 2:
      return isSigned ? (at) => view.getInt16(at, true) : (at) => view.getUint16(at, true);
    case 4:
      return isSigned ? (at) => view.getInt32(at, true) : (at) => view.getUint32(at, true);
    case 8:
      return isSigned ? (at) => Number(view.getBigInt64(at, true)) : (at) => Number(view.getBigUint64(at, true));
  }
}
