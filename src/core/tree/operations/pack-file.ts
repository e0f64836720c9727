import { basename } from 'node:path';
import { PACKING_VERSION, type PackGoal, type Packing, type Unpacking } from '../../../shared/packing.ts';
import { withFileInErrors } from '../../import/file-errors.ts';
import { packedChecks } from '../../measure/certify-packed.ts';
import { packTflite, unpackTflite } from '../../tflite/pack/pack-tflite.ts';
import { fileSizes } from '../../measure/file-sizes.ts';
import { writeFileAtomically } from '../store/atomic-files.ts';
import { requireTflite } from './read-model-file.ts';

/**
 * Packs a fully integer .tflite for TFLite Micro and proves from the packed bytes that they compute the same.
 *
 * @throws EspalierError `file-access`, `invalid-model`, `unsupported-model` as `packTflite` says
 */
export async function packFile(file: string, output: string, goal: PackGoal, strip: boolean): Promise<Packing> {
  const plain = await requireTflite(file);
  const { bytes, kernels, undo } = withFileInErrors(basename(file), () => packTflite(plain, { goal, strip }));
  const checks = packedChecks(bytes, plain);
  await writeFileAtomically(output, bytes);
  const packedKernels = kernels.filter(({ scheme }) => scheme !== undefined);
  return {
    version: PACKING_VERSION,
    file,
    output,
    goal,
    stripped: strip,
    sizes: { plain: plain.length, plainGzip: fileSizes(plain).gzip, packed: bytes.length },
    kernels,
    undo,
    largestDecodedKernel: Math.max(0, ...packedKernels.map(({ plainBytes }) => plainBytes)),
    proof: { passed: checks.every(({ passed }) => passed), checks },
  };
}

/**
 * Writes the plain file of a packed one.
 *
 * @throws EspalierError `file-access`, `invalid-model`; `invalid-argument` for a file that is not packed
 */
export async function unpackFile(file: string, output: string): Promise<Unpacking> {
  const packed = await requireTflite(file);
  const plain = withFileInErrors(basename(file), () => unpackTflite(packed));
  await writeFileAtomically(output, plain);
  return { version: PACKING_VERSION, file, output, sizes: { packed: packed.length, plain: plain.length } };
}
