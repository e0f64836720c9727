import { EspalierError } from '../errors.ts';
import type { ModelSource } from './model-source.ts';
import { isOnnx } from './onnx/is-onnx.ts';

export type ModelFormat = 'keras-h5' | 'keras-v3' | 'tfjs-layers' | 'saved-model' | 'tflite' | 'onnx';

const accepted = 'a Keras .h5 or .keras file, a TFJS layers model (model.json), a SavedModel folder, an .onnx or a float .tflite';

/** Detects the format by content; the name counts only for a SavedModel, which has more files in its folder. */
export function detectFormat(source: ModelSource, where: string): ModelFormat {
  if (source.kind === 'folder') {
    if (source.has.has('saved_model.pb')) return 'saved-model';
    if (source.has.has('model.json')) return 'tfjs-layers';
    throw new EspalierError('unsupported-model', 'is a folder without saved_model.pb or model.json', { where, fix: `give ${accepted}` });
  }
  const { bytes } = source;
  if (bytes.length === 0) throw new EspalierError('invalid-model', 'is empty', { where, fix: `give ${accepted}` });
  if (isPyTorch(bytes))
    throw new EspalierError('unsupported-model', 'is a PyTorch checkpoint: it holds weights, and code that only Python can run', {
      where,
      fix: 'export the model to ONNX: torch.onnx.export(model.eval(), example, "model.onnx")',
    });
  if (startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, 'PK\x05\x06')) return 'keras-v3';
  if (startsWith(bytes, 'TFL3', 4)) return 'tflite';
  // Behind the archives: one may hold an HDF5 file at an offset where HDF5 is looked for.
  if (isHdf5(bytes)) return 'keras-h5';
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 512));
  if (head.startsWith('version https://git-lfs'))
    throw new EspalierError('invalid-model', 'is a Git LFS pointer, not the model itself', { where, fix: 'run "git lfs pull"' });
  if (/^\s*\{/.test(head)) return 'tfjs-layers';
  if (/^\s*</.test(head)) throw new EspalierError('invalid-model', 'is a web page, not a model', { where, fix: 'download the raw file' });
  if (isOnnx(bytes)) return 'onnx';
  if (source.path.endsWith('.pb')) return 'saved-model';
  // The content does not say so any more.
  if (source.path.endsWith('.onnx')) return 'onnx';
  throw new EspalierError('unsupported-model', 'is in no format that is known here', {
    where,
    fix: `give ${accepted}; if it was one, it is damaged`,
  });
}

/** The signature is at offset 0, or at a power of two from 512 on. */
function isHdf5(bytes: Uint8Array): boolean {
  for (let offset = 0; offset < Math.min(bytes.length, 1 << 20); offset = offset === 0 ? 512 : offset * 2) {
    if (startsWith(bytes, '\x89HDF\r\n\x1a\n', offset)) return true;
  }
  return false;
}

function startsWith(bytes: Uint8Array, text: string, offset = 0): boolean {
  return bytes.length >= offset + text.length && Array.from(text).every((character, i) => bytes[offset + i] === character.charCodeAt(0));
}

/** A zip archive that begins with pickled data, or a pickle itself. */
function isPyTorch(bytes: Uint8Array): boolean {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 256));
  return (startsWith(bytes, 'PK\x03\x04') && /\/(data\.pkl|constants\.pkl|code\/)/.test(head)) || startsWith(bytes, '\x80\x02\x8a\x0a');
}
