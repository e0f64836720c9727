import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DensityPlot, NodeMetrics } from '../../../shared/results.ts';
import type { StageFiles, StageOutcome } from '../stages/stage-runner.ts';
import { hasCode, writeFolderAtomically } from './atomic-files.ts';

export const nodeFiles = {
  /** Weights, constraints and ranges, to go on from. */
  model: 'model.espalier',
  tflite: 'model.tflite',
  metrics: 'metrics.json',
  densities: 'densities.json',
  certificate: 'certificate.json',
  key: 'key',
} as const;

/** A finished node's folder appears at once and complete, or not at all. */
export async function writeNode(folder: string, key: string, { files, metrics, densities }: StageOutcome): Promise<void> {
  await writeFolderAtomically(
    folder,
    new Map<string, Uint8Array | string>([
      [nodeFiles.model, files.model],
      [nodeFiles.tflite, files.tflite],
      [nodeFiles.metrics, json(metrics)],
      [nodeFiles.densities, json(densities)],
      ...(metrics.certificate === undefined ? [] : [[nodeFiles.certificate, json(metrics.certificate)] as const]),
      [nodeFiles.key, key],
    ]),
  );
}

/** The node of that key, or undefined when there is none (or one of another key). */
export async function readNode(folder: string, key: string): Promise<StageOutcome | undefined> {
  try {
    if ((await readFile(path.join(folder, nodeFiles.key), 'utf8')) !== key) return undefined;
    const metrics: NodeMetrics = JSON.parse(await readFile(path.join(folder, nodeFiles.metrics), 'utf8'));
    const densities: readonly DensityPlot[] = JSON.parse(await readFile(path.join(folder, nodeFiles.densities), 'utf8'));
    return { files: await readNodeFiles(folder), metrics, densities };
  } catch (error) {
    if (hasCode(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function readNodeFiles(folder: string): Promise<StageFiles> {
  const [model, tflite] = await Promise.all([readFile(path.join(folder, nodeFiles.model)), readFile(path.join(folder, nodeFiles.tflite))]);
  return { model: new Uint8Array(model), tflite: new Uint8Array(tflite) };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
