/** What a model is to predict. */
export type Target =
  | { readonly kind: 'classes'; readonly classes: number; readonly names: readonly string[] | undefined }
  /** A vector to predict; `isInput`: of autoencoders, and where there are no labels, the input itself. */
  | { readonly kind: 'regression'; readonly size: number; readonly isInput?: boolean };
