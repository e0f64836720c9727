/** Checks of values whose type is not known, above all of what `JSON.parse` returns: nothing is believed before it is checked. */

/** Tells whether a value has a type. */
export type Guard<T> = (value: unknown) => value is T;

export const isString: Guard<string> = (value) => typeof value === 'string';
export const isNumber: Guard<number> = (value) => typeof value === 'number';
export const isBoolean: Guard<boolean> = (value) => typeof value === 'boolean';
/** A count or an index: whole and not negative. */
export const isCount: Guard<number> = (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** An object that is neither null nor an array. */
export const isRecord: Guard<Readonly<Record<string, unknown>>> = (value): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Also accepts undefined, that is a field that is absent. */
export function optional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

export function isArrayOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(guard);
}

/** An array of two elements. */
export function isPairOf<A, B>(first: Guard<A>, second: Guard<B>): Guard<readonly [A, B]> {
  return (value): value is readonly [A, B] => Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1]);
}

/** An object whose values all have a type. */
export function isRecordOf<T>(guard: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => isRecord(value) && Object.values(value).every(guard);
}

/**
 * An object with these fields, and perhaps others.
 *
 * @example `const isPoint = isObjectOf<{ x: number; label?: string | undefined }>({ x: isNumber, label: optional(isString) });`
 */
export function isObjectOf<T extends object>(fields: { readonly [Name in keyof T]-?: Guard<T[Name]> }): Guard<T> {
  return (value): value is T => {
    if (!isRecord(value)) return false;
    for (const name in fields) if (!fields[name](value[name])) return false;
    return true;
  };
}

/** The value of a JSON text; undefined when it is not JSON or has not the type that the guard checks. */
export function parseChecked<T>(text: string, guard: Guard<T>): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return guard(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
