/** A stage's model between stages, as the store keeps it. */
import type { NetworkConstraints } from '../../constraints/constraint.ts';
import type { Network } from '../../network/network.ts';
import type { OptimizedModel } from '../../techniques/technique.ts';
import { decodeStructure, encodeStructure } from '../store/structured-file.ts';

interface StoredModel {
  readonly network: Network;
  readonly constraints: NetworkConstraints;
  readonly ranges?: OptimizedModel['ranges'];
}

/** Without times, so that the same work gives the same bytes. */
export function encodeModel({ network, constraints, ranges }: OptimizedModel): Uint8Array {
  return encodeStructure({ network, constraints, ranges });
}

/** @param where for the message of a bug: stages run after those that they need */
export function decodeModel(bytes: Uint8Array | undefined, where: string): OptimizedModel {
  if (bytes === undefined) throw new Error(`no model: ${where}`);
  const { network, constraints, ranges } = decodeStructure<StoredModel>(bytes, where);
  return { network, constraints, ranges };
}
