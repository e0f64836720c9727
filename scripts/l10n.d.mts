export const languages: readonly string[];
export function collectTexts(): Set<string>;
export function readBundle(language: string): Record<string, string>;
export function checkBundle(language: string): {
  readonly missing: readonly string[];
  readonly unused: readonly string[];
  readonly placeholders: readonly string[];
};
