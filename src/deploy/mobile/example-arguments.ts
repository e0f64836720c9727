import type { InputSteps } from '../../core/data/preprocessing/input-steps.ts';

/** How an example reaches the C of the preprocessing from another language. */
export interface ExampleArguments {
  readonly kotlin: { readonly parameters: string; readonly names: string };
  readonly swift: { readonly parameters: string; readonly call: string };
  readonly jni: JniArguments;
  /** For people. */
  readonly description: string;
}

export interface JniArguments {
  readonly parameters: string;
  /** `Byte` of `GetByteArrayElements`, and what its elements are called. */
  readonly array: 'Byte' | 'Short' | 'Float';
  readonly element: 'jbyte' | 'jshort' | 'jfloat';
  /** Arguments of the C function before the input. */
  readonly call: string;
}

/**
 * By the kind of the input.
 *
 * @param suffix of one of several inputs, which makes names differ
 */
export function exampleArguments({ kind }: InputSteps, suffix: string): ExampleArguments {
  return table[kind](suffix);
}

const table: Readonly<Record<InputSteps['kind'], (suffix: string) => ExampleArguments>> = {
  image: (suffix) => ({
    description: 'bytes of an image, [height, width, channels]',
    kotlin: {
      parameters: `pixels${suffix}: ByteArray, height${suffix}: Int, width${suffix}: Int, channels${suffix}: Int`,
      names: `pixels${suffix}, height${suffix}, width${suffix}, channels${suffix}`,
    },
    swift: {
      parameters: `pixels${suffix}: [UInt8], height${suffix}: Int, width${suffix}: Int, channels${suffix}: Int`,
      call: `pixels${suffix}, Int32(height${suffix}), Int32(width${suffix}), Int32(channels${suffix})`,
    },
    jni: {
      parameters: 'jbyteArray example, jint height, jint width, jint channels',
      array: 'Byte',
      element: 'jbyte',
      call: '(const uint8_t *)elements, height, width, channels',
    },
  }),
  sound: (suffix) => ({
    description: '16-bit samples',
    kotlin: { parameters: `samples${suffix}: ShortArray`, names: `samples${suffix}` },
    swift: { parameters: `samples${suffix}: [Int16]`, call: `samples${suffix}, samples${suffix}.count` },
    jni: {
      parameters: 'jshortArray example',
      array: 'Short',
      element: 'jshort',
      call: '(const int16_t *)elements, (size_t)(*env)->GetArrayLength(env, example)',
    },
  }),
  tensor: (suffix) => ({
    description: 'numbers',
    kotlin: { parameters: `values${suffix}: FloatArray`, names: `values${suffix}` },
    swift: { parameters: `values${suffix}: [Float]`, call: `values${suffix}` },
    jni: { parameters: 'jfloatArray example', array: 'Float', element: 'jfloat', call: '(const float *)elements' },
  }),
};

/** `my_model_2` as a class: `MyModel2Model`. */
export function className(name: string): string {
  const words = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Model`;
}

/** `_my_input` in camel case: `MyInput`. */
export function camelSuffix(suffix: string): string {
  return suffix
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
