/** Zero crossings of the kernel on each side. */
const kernelReach = 16;

/**
 * To another sample rate by band-limited interpolation: a sinc under a Hann window, cut off at the lower of the two
 * Nyquist frequencies (J. O. Smith, Digital Audio Resampling).
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const ratio = to / from;
  const cutoff = Math.min(1, ratio);
  const reach = kernelReach / cutoff;
  const phases = kernelPhases(from, to, cutoff, reach);
  const result = new Float32Array(Math.ceil(samples.length * ratio));
  for (let i = 0; i < result.length; i++) {
    const centre = i / ratio;
    const first = Math.ceil(centre - reach);
    const weights = phases.get(i);
    let sum = 0;
    for (let tap = 0; tap < weights.length; tap++) sum += (weights[tap] ?? 0) * (samples[first + tap] ?? 0);
    result[i] = sum;
  }
  return result;
}

/** The kernel's weights only depend on where an output lies between two inputs, which repeats for usual rates. */
function kernelPhases(from: number, to: number, cutoff: number, reach: number): { get(output: number): Float64Array } {
  const period = to / greatestCommonDivisor(from, to);
  const known = new Map<number, Float64Array>();
  return {
    get: (output) => {
      const phase = output % period;
      const found = known.get(phase);
      if (found !== undefined) return found;
      const centre = (phase * from) / to;
      const first = Math.ceil(centre - reach);
      const weights = Float64Array.from({ length: Math.floor(centre + reach) - first + 1 }, (_, tap) => {
        const distance = first + tap - centre;
        return cutoff * sinc(distance * cutoff) * (0.5 + 0.5 * Math.cos((Math.PI * distance) / reach));
      });
      known.set(phase, weights);
      return weights;
    },
  };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
