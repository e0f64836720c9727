/** The package has no types. Its classes are libjpeg-turbo's, bound by Emscripten. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface JPEGDecoder {
    /** Memory of the library for a file of so many bytes, to be filled before `decode`. */
    getEncodedBuffer(length: number): Uint8Array;
    /** Throws a number where libjpeg fails or warns; the text goes to `printErr`. */
    decode(): void;
    getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
    /** `[h, w, componentCount]` in memory of the library. */
    getDecodedBuffer(): Uint8Array;
  }

  export interface Library {
    readonly JPEGDecoder: new () => JPEGDecoder;
  }

  export default function load(options: {
    readonly print: (text: string) => void;
    readonly printErr: (text: string) => void;
  }): Promise<Library>;
}
