export interface GeneratedSchema {
  readonly title: string;
  readonly file: string;
}
export declare const schemas: readonly GeneratedSchema[];
export declare function generateSchema(schema: GeneratedSchema): string;
