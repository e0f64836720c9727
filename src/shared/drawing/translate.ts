/** Puts a message into the reader's language; the English message is the key, `{0}` and so on stand for the arguments. */
export type Translate = (message: string, ...values: readonly (string | number)[]) => string;

export const english: Translate = (message, ...values) => fillIn(message, values);

export function fillIn(message: string, values: readonly (string | number)[]): string {
  return message.replace(/\{(\d+)\}/g, (placeholder, index: string) => String(values[Number(index)] ?? placeholder));
}
