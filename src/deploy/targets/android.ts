import { cComment } from '../c/names.ts';
import { postprocessFiles } from '../c/postprocess-files.ts';
import { preprocessFiles } from '../c/preprocess-files.ts';
import { inputTolerance, testCaseFiles } from '../c/test-case-files.ts';
import { cType } from '../c/tensor-types.ts';
import { camelSuffix, className, exampleArguments } from '../mobile/example-arguments.ts';
import { labelsFile, labelsText, withMetadata } from '../mobile/model-metadata.ts';
import type { DeployedFile, DeploymentPlan, PlannedTensor } from '../plan.ts';
import { readme } from './readme.ts';

const assets = 'src/main/assets/';
const cpp = 'src/main/cpp/';

/**
 * A library module for Android: the file with metadata, and a class that runs it in LiteRT, whose preprocessing is the C
 * that microcontrollers have.
 */
export function androidFiles(plan: DeploymentPlan): readonly DeployedFile[] {
  const { name, labels } = plan;
  const c = [preprocessFiles(plan), postprocessFiles(plan), testCaseFiles(plan)].flat();
  return [
    { path: `${assets}${name}.tflite`, contents: withMetadata(plan) },
    ...(labels === undefined ? [] : [{ path: `${assets}${labelsFile}`, contents: labelsText(labels) }]),
    ...c.map(({ path, contents }) => ({ path: `${cpp}${path}`, contents })),
    { path: `${cpp}${name}_jni.c`, contents: jni(plan) },
    { path: `${cpp}CMakeLists.txt`, contents: cmake(name, c) },
    { path: `src/main/java/espalier/${className(name)}.kt`, contents: kotlin(plan) },
    { path: 'src/main/AndroidManifest.xml', contents: '<manifest />\n' },
    { path: 'build.gradle.kts', contents: gradle(name) },
    {
      path: 'README.md',
      contents: readme(plan, {
        title: 'for Android',
        steps: [
          `Copy this folder into the project as a module, and add \`include(":${name}")\` to \`settings.gradle.kts\` and \`implementation(project(":${name}"))\` to the app. It takes the NDK and CMake of Android Studio.`,
          `\`${className(name)}(context).use { it.run(…) }\` takes an example as it is, and gives real numbers.`,
          `\`${className(name)}(context).use { it.selfTest() }\` runs the test case; it gives by how many steps outputs differ, 2 at most.`,
        ],
        more: [
          `## The file\n\n\`${name}.tflite\` has TFLite Model Metadata: names, normalisation${labels === undefined ? '' : `, and the classes in \`${labelsFile}\` behind it`}, for tools that read it. The resizing of the metadata's tools is another than that of the training; the class here does what the training does.`,
        ],
      }),
    },
  ];
}

/** Functions of the class that are written in C. */
function jni(plan: DeploymentPlan): string {
  const { name, inputs, outputs } = plan;
  const prefix = `Java_espalier_${className(name)}_`;
  const preprocessing = inputs.map((input) => {
    const { parameters, array, element, call } = exampleArguments(input.steps, '').jni;
    return `JNIEXPORT void JNICALL ${prefix}preprocess${camelSuffix(input.suffix)}(JNIEnv *env, jobject self, ${parameters}, jobject input) {
  ${element} *elements = (*env)->Get${array}ArrayElements(env, example, NULL);
  (void)self;
  if (elements == NULL) return;
  ${name}_preprocess${input.suffix}(${call}, (${cType(input).c} *)(*env)->GetDirectBufferAddress(env, input));
  (*env)->Release${array}ArrayElements(env, example, elements, JNI_ABORT);
}`;
  });
  const results = outputs.map((output) => {
    const { c, bounds } = cType(output);
    const steps = bounds === undefined ? '256.0f * ' : '';
    return `JNIEXPORT void JNICALL ${prefix}values${camelSuffix(output.suffix)}(JNIEnv *env, jobject self, jobject output, jfloatArray values) {
  const ${c} *elements = (const ${c} *)(*env)->GetDirectBufferAddress(env, output);
  int i;
  (void)self;
  for (i = 0; i < ${output.elements}; i++) {
    const jfloat value = ${name}_output_value${output.suffix}(elements[i]);
    (*env)->SetFloatArrayRegion(env, values, i, 1, &value);
  }
}

JNIEXPORT jint JNICALL ${prefix}difference${camelSuffix(output.suffix)}(JNIEnv *env, jobject self, jobject output) {
  const ${c} *elements = (const ${c} *)(*env)->GetDirectBufferAddress(env, output);
  int largest = 0;
  int i;
  (void)self;
  for (i = 0; i < ${output.elements}; i++) {
    const int difference = (int)(${steps}(elements[i] - ${name}_test_output${output.suffix}[i]));
    if (difference > largest) largest = difference;
    if (-difference > largest) largest = -difference;
  }
  return largest;
}`;
  });
  const testInputs = inputs.map(
    (input) => `JNIEXPORT void JNICALL ${prefix}testInput${camelSuffix(input.suffix)}(JNIEnv *env, jobject self, jobject input) {
  (void)self;
  memcpy((*env)->GetDirectBufferAddress(env, input), ${name}_test_input${input.suffix}, sizeof(${name}_test_input${input.suffix}));
}`,
  );
  return `/* What ${className(name)} does in C. Written by Espalier. */
#include <jni.h>
#include <string.h>

#include "${name}_postprocess.h"
#include "${name}_preprocess.h"
#include "${name}_test_case.h"

${[...preprocessing, ...results, ...testInputs].join('\n\n')}

JNIEXPORT jint JNICALL ${prefix}checkPreprocessing(JNIEnv *env, jobject self) {
  (void)env;
  (void)self;
  return ${name}_check_preprocessing();
}
`;
}

function cmake(name: string, c: readonly DeployedFile[]): string {
  const sources = [...c.map(({ path }) => path).filter((path) => path.endsWith('.c')), `${name}_jni.c`];
  return `cmake_minimum_required(VERSION 3.18)
project(${name} C)
add_library(${name} SHARED ${sources.join(' ')})
target_link_libraries(${name} m)
`;
}

function kotlin({ name, file, inputs, outputs, labels }: DeploymentPlan): string {
  const examples = inputs.map((input) => ({
    input,
    ...exampleArguments(input.steps, inputs.length === 1 ? '' : camelSuffix(input.suffix)),
  }));
  const buffer = (kind: string, { suffix }: PlannedTensor): string => `${kind}${camelSuffix(suffix)}`;
  const single = outputs.length === 1;
  return `package espalier

import android.content.Context
import java.io.FileInputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.MappedByteBuffer
import java.nio.channels.FileChannel
import org.tensorflow.lite.Interpreter

/** ${cComment(file)} in LiteRT, with the preprocessing of its training. Written by Espalier. Not for several threads at a time. */
class ${className(name)}(context: Context, threads: Int = 2) : AutoCloseable {
    private val interpreter = Interpreter(open(context), Interpreter.Options().setNumThreads(threads))
${[...inputs.map((input) => buffer('input', input)), ...outputs.map((output) => buffer('output', output))]
  .map((variable, i) => {
    const tensor = [...inputs, ...outputs][i];
    return `    private val ${variable} = ByteBuffer.allocateDirect(${tensor?.details.bytes ?? 0}).order(ByteOrder.nativeOrder())`;
  })
  .join('\n')}
${labels === undefined ? '' : `\n    /** Classes by the index of the output. */\n    val labels: List<String> = context.assets.open("${labelsFile}").bufferedReader().readLines()\n`}
    /** Takes ${examples.map(({ description }) => description).join('; ')}. */
    fun run(${examples.map(({ kotlin: { parameters } }) => parameters).join(', ')}): ${single ? 'FloatArray' : 'List<FloatArray>'} {
${examples.map(({ input, kotlin: { names } }) => `        preprocess${camelSuffix(input.suffix)}(${names}, ${buffer('input', input)})`).join('\n')}
        invoke()
        return ${single ? valuesOf(outputs[0]) : `listOf(${outputs.map(valuesOf).join(', ')})`}
    }

    /** By how many steps of the quantization the outputs of the test case differ from what they must be: 2 at most. */
    fun selfTest(): Int {
        check(checkPreprocessing() <= ${inputTolerance(inputs)}) { "the preprocessing is not that of the training" }
${inputs.map((input) => `        testInput${camelSuffix(input.suffix)}(${buffer('input', input)})`).join('\n')}
        invoke()
        return listOf(${outputs.map((output) => `difference${camelSuffix(output.suffix)}(${buffer('output', output)})`).join(', ')}).max()
    }

    override fun close() = interpreter.close()

    private fun invoke() {
        listOf(${[...inputs.map((input) => buffer('input', input)), ...outputs.map((output) => buffer('output', output))].join(', ')}).forEach { it.rewind() }
        interpreter.runForMultipleInputsOutputs(
            arrayOf<Any>(${inputs.map((input) => buffer('input', input)).join(', ')}),
            mapOf<Int, Any>(${outputs.map((output, i) => `${i} to ${buffer('output', output)}`).join(', ')}),
        )
    }

${examples.map(({ input, kotlin: { parameters } }) => `    private external fun preprocess${camelSuffix(input.suffix)}(${parameters}, input: ByteBuffer)`).join('\n')}
${inputs.map((input) => `    private external fun testInput${camelSuffix(input.suffix)}(input: ByteBuffer)`).join('\n')}
${outputs.map((output) => `    private external fun values${camelSuffix(output.suffix)}(output: ByteBuffer, values: FloatArray)`).join('\n')}
${outputs.map((output) => `    private external fun difference${camelSuffix(output.suffix)}(output: ByteBuffer): Int`).join('\n')}
    private external fun checkPreprocessing(): Int

    private companion object {
        init {
            System.loadLibrary("${name}")
        }

        fun open(context: Context): MappedByteBuffer =
            context.assets.openFd("${name}.tflite").use { asset ->
                FileInputStream(asset.fileDescriptor).channel.map(FileChannel.MapMode.READ_ONLY, asset.startOffset, asset.declaredLength)
            }
    }
}
`;
}

function valuesOf(output: PlannedTensor | undefined): string {
  const suffix = camelSuffix(output?.suffix ?? '');
  return `FloatArray(${output?.elements ?? 0}).also { values${suffix}(output${suffix}, it) }`;
}

function gradle(name: string): string {
  return `// Written by Espalier.
plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "espalier.${name}"
    compileSdk = 35
    defaultConfig { minSdk = 24 }
    // The model is mapped from the package, so it must lie in it uncompressed.
    androidResources { noCompress += "tflite" }
    externalNativeBuild { cmake { path = file("${cpp}CMakeLists.txt") } }
}

dependencies {
    implementation("org.tensorflow:tensorflow-lite:2.16.1")
}
`;
}
