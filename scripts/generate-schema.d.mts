export declare const schemaFile: string;
export declare function generateSchema(): string;
