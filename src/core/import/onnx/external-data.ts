/** The files beside a model that hold its large tensors: PyTorch writes them from 2 GB on, or when asked to. */
import { isAbsolute, join, normalize } from 'node:path';
import { EspalierError } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
import type { ModelProto } from '../../protobuf/onnx.ts';
import { fileAccessError } from '../file-errors.ts';
import type { ExternalFiles } from './tensor-proto.ts';

/** Names of the files that a model's tensors are in, as the model gives them. */
export function externalLocations(model: ModelProto): readonly string[] {
  const nodes = [...(model.graph?.node ?? []), ...model.functions.flatMap((inner) => inner.node)];
  const constants = nodes.flatMap((node) => node.attribute.flatMap(({ t }) => (t === undefined ? [] : [t])));
  const tensors = [...(model.graph?.initializer ?? []), ...constants];
  const locations = tensors
    .filter((tensor) => tensor.dataLocation === 1)
    .map((tensor) => tensor.externalData.find(({ key }) => key === 'location')?.value ?? '');
  return [...new Set(locations)];
}

/** Whether a location lies in the model's own folder. */
export function isBeside(location: string): boolean {
  return location !== '' && !isAbsolute(location) && !normalize(location).split(/[/\\]/).includes('..');
}

/**
 * @param folder of the model
 * @throws EspalierError `file-access` for a file that is not there, `invalid-model` for one outside of the folder
 */
export async function readExternalFiles(model: ModelProto, folder: string): Promise<ExternalFiles> {
  const files = new Map<string, Uint8Array>();
  for (const location of externalLocations(model)) {
    const path = normalize(location);
    if (!isBeside(location))
      throw new EspalierError('invalid-model', `keeps weights in "${location}", which is not in its own folder`, {
        where: 'external data',
        fix: 'export the model again; its weights belong beside it',
      });
    try {
      files.set(location, await readRegularFile(join(folder, path)));
    } catch (cause) {
      const error = fileAccessError(cause, join(folder, path));
      throw new EspalierError('file-access', `keeps weights in the file "${location}", which ${reason(error)}`, {
        where: 'external data',
        fix: 'copy that file beside the model',
        cause,
      });
    }
  }
  return files;
}

function reason(error: EspalierError): string {
  const place = error.where === undefined ? '' : `${error.where}: `;
  const end = error.fix === undefined ? error.message.length : error.message.length - error.fix.length - 2;
  return error.message.slice(place.length, end);
}
