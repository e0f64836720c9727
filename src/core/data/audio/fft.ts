/** In-place radix-2 transform of complex numbers; `size` is a power of two. */
export interface Fft {
  readonly size: number;
  transform(real: Float64Array, imaginary: Float64Array): void;
}

export function createFft(size: number): Fft {
  const cosines = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sines = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  const reversed = new Uint32Array(size);
  for (let i = 1, bits = Math.log2(size); i < size; i++) reversed[i] = ((reversed[i >> 1] ?? 0) >> 1) | ((i & 1) << (bits - 1));
  return {
    size,
    transform: (real, imaginary) => {
      for (let i = 0; i < size; i++) {
        const j = reversed[i] ?? 0;
        if (j > i) {
          [real[i], real[j]] = [real[j] ?? 0, real[i] ?? 0];
          [imaginary[i], imaginary[j]] = [imaginary[j] ?? 0, imaginary[i] ?? 0];
        }
      }
      for (let half = 1; half < size; half *= 2) {
        const step = size / (2 * half);
        for (let start = 0; start < size; start += 2 * half) {
          for (let k = 0; k < half; k++) {
            const cosine = cosines[k * step] ?? 0;
            const sine = sines[k * step] ?? 0;
            const a = start + k;
            const b = a + half;
            const re = (real[b] ?? 0) * cosine - (imaginary[b] ?? 0) * sine;
            const im = (real[b] ?? 0) * sine + (imaginary[b] ?? 0) * cosine;
            real[b] = (real[a] ?? 0) - re;
            imaginary[b] = (imaginary[a] ?? 0) - im;
            real[a] = (real[a] ?? 0) + re;
            imaginary[a] = (imaginary[a] ?? 0) + im;
          }
        }
      }
    },
  };
}
