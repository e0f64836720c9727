/**
 * For a model of several inputs: an entry for each, by the input's name, as `espalier inspect` prints it.
 */
export type ByInput<T> = Readonly<Record<string, T>>;

/** For a model of several outputs: an entry for each that has labels, by the output's name, as `espalier inspect` prints it. */
export type ByOutput<T> = Readonly<Record<string, T>>;
