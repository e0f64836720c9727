import { EspalierError } from '../errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** `where` names the part of the file that the text comes from. */
export function parseJson(text: string, where: string): Json {
  try {
    // Keras writes NaN and Infinity, which JSON does not have; they become null, since no field that is read may have
    // these values.
    const value: Json = JSON.parse(text.replace(/([[,:]\s*)(NaN|-?Infinity)(?=\s*[,}\]])/g, '$1null'));
    return value;
  } catch (cause) {
    throw new EspalierError('invalid-model', 'is not valid JSON', {
      where,
      cause,
      fix: 'the file is damaged: save or download the model again',
    });
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function asObject(value: Json | undefined, where: string): JsonObject {
  if (!isObject(value)) throw new EspalierError('invalid-model', 'should be a JSON object', { where });
  return value;
}

export function asArray(value: Json | undefined, where: string): readonly Json[] {
  if (!isArray(value)) throw new EspalierError('invalid-model', 'should be a JSON array', { where });
  return value;
}

export function asString(value: Json | undefined, where: string): string {
  if (typeof value !== 'string') throw new EspalierError('invalid-model', 'should be a string', { where });
  return value;
}
