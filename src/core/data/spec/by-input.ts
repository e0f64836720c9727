/**
 * For a model of several inputs: an entry for each, by the input's name, as `espalier inspect` prints it.
 */
export type ByInput<T> = Readonly<Record<string, T>>;
