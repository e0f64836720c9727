/**
 * A copy of a .tflite file without shape signatures: LiteRT refuses dimensions of -1, while the shapes beside them are
 * static (batch 1). The entry of the field in the tables' layouts is zeroed, which means "absent".
 *
 * The bytes are those of a file that `readTflite` accepts.
 */
export function withoutShapeSignatures(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const subgraph of tableVector(view, view.getUint32(0, true), 2)) {
    for (const tensor of tableVector(view, subgraph, 0)) {
      const entry = fieldEntry(view, tensor, shapeSignatureSlot);
      if (entry !== undefined) view.setUint16(entry, 0, true);
    }
  }
  return copy;
}

const shapeSignatureSlot = 7;

function fieldEntry(view: DataView, table: number, slot: number): number | undefined {
  const layout = table - view.getInt32(table, true);
  return 4 + 2 * slot < view.getUint16(layout, true) ? layout + 4 + 2 * slot : undefined;
}

function tableVector(view: DataView, table: number, slot: number): number[] {
  const entry = fieldEntry(view, table, slot);
  const offset = entry === undefined ? 0 : view.getUint16(entry, true);
  if (offset === 0) return [];
  const field = table + offset;
  const vector = field + view.getUint32(field, true);
  return Array.from({ length: view.getUint32(vector, true) }, (_, i) => {
    const element = vector + 4 + 4 * i;
    return element + view.getUint32(element, true);
  });
}
