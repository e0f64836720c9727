import type { TensorSteps } from '../../core/data/preprocessing/input-steps.ts';
import type { PlannedInput } from '../plan.ts';
import { cReal, cRealArray } from './names.ts';
import { cType, quantized } from './tensor-types.ts';

/** C of the pipeline of arrays and tables: scaled, then quantized. */
export function tensorPreprocessing(
  name: string,
  input: PlannedInput,
  { scale, offset }: TensorSteps,
): { readonly prototype: string; readonly code: string } {
  const prototype = `void ${name}_preprocess${input.suffix}(const float *values, ${cType(input).c} *input)`;
  const own = `${name}${input.suffix}`;
  const [a = 1] = scale;
  const [b = 0] = offset;
  const tables =
    scale.length === 1
      ? ''
      : `${cRealArray(`static const real ${own}_scales[${scale.length}]`, scale)}\n\n${cRealArray(`static const real ${own}_offsets[${scale.length}]`, offset)}\n\n`;
  const value =
    scale.length === 1
      ? a === 1 && b === 0
        ? 'values[i]'
        : `values[i] * R(${cReal(a)}) + R(${cReal(b)})`
      : `values[i] * ${own}_scales[i % ${scale.length}] + ${own}_offsets[i % ${scale.length}]`;
  return {
    prototype,
    code: `${tables}${prototype} {
  size_t i;
  for (i = 0; i < ${input.elements}; i++) input[i] = ${quantized(input, name, value)};
}`,
  };
}
