import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { loadRuntime } from '../../../src/core/tflite/runtime.ts';
import { FlatbufferBytes, TableReader } from '../../../src/core/tflite/schema/table-reader.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { deployModel } from '../../../src/deploy/deploy-model.ts';
import { createExampleData } from './example-data.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';
import { hasCompiler } from './compilers.ts';
import { inFolderOf } from './compile-c.ts';

let folder: string;
let output: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'espalier-mobile-'));
  output = path.join(folder, 'out');
  await writeFile(path.join(folder, 'net.tflite'), serializeTflite(packableModel({ values: 16, sparsity: 0.5 })));
});
afterEach(() => rm(folder, { recursive: true }));

const deploy = async (target: 'android' | 'ios'): Promise<readonly string[]> => {
  const data = await createExampleData(folder);
  return (await deployModel({ file: path.join(folder, 'net.tflite'), output, target, data })).files;
};

/** The part of the Java Native Interface that the C uses, as declarations of our own. */
const jniHeader = `#ifndef JNI_H
#define JNI_H
#include <stdint.h>
#define JNIEXPORT
#define JNICALL
#define JNI_ABORT 2
typedef int32_t jint; typedef signed char jbyte; typedef int16_t jshort; typedef float jfloat; typedef unsigned char jboolean; typedef int32_t jsize;
typedef struct object *jobject; typedef jobject jarray; typedef jobject jbyteArray; typedef jobject jshortArray; typedef jobject jfloatArray;
struct JNINativeInterface;
typedef const struct JNINativeInterface *JNIEnv;
struct JNINativeInterface {
  jsize (*GetArrayLength)(JNIEnv *, jarray);
  jbyte *(*GetByteArrayElements)(JNIEnv *, jbyteArray, jboolean *);
  jshort *(*GetShortArrayElements)(JNIEnv *, jshortArray, jboolean *);
  jfloat *(*GetFloatArrayElements)(JNIEnv *, jfloatArray, jboolean *);
  void (*ReleaseByteArrayElements)(JNIEnv *, jbyteArray, jbyte *, jint);
  void (*ReleaseShortArrayElements)(JNIEnv *, jshortArray, jshort *, jint);
  void (*ReleaseFloatArrayElements)(JNIEnv *, jfloatArray, jfloat *, jint);
  void (*SetFloatArrayRegion)(JNIEnv *, jfloatArray, jsize, jsize, const jfloat *);
  void *(*GetDirectBufferAddress)(JNIEnv *, jobject);
};
#endif
`;

describe('a folder for Android', () => {
  it('has a file with metadata: normalisation of inputs, and classes in a zip behind it', async () => {
    await deploy('android');
    const bytes = new Uint8Array(await readFile(path.join(output, 'src/main/assets/net.tflite')));
    // Offsets in the zip count from the beginning of the file, as readers of metadata take them.
    const entries = unzipSync(bytes);
    expect(Object.keys(entries)).toEqual(['labels.txt']);
    expect(new TextDecoder().decode(entries['labels.txt'])).toBe('c0\nc1\nc2\nc3\nc4\nc5\nc6\nc7\nc8\nc9\n');
    const metadata = readTflite(bytes).metadata.find(({ name }) => name === 'TFLITE_METADATA')?.data ?? new Uint8Array();
    expect(String.fromCharCode(...metadata.subarray(4, 8))).toBe('M001');
    const file = new FlatbufferBytes(metadata);
    const model = new TableReader(file, file.view.getUint32(0, true), '');
    expect(model.string(0, 'name')).toBe('net.tflite');
    const [subgraph] = model.tables(3, 'subgraphs');
    const [input] = subgraph?.tables(2, 'inputs') ?? [];
    expect(input?.string(0, 'name')).toBe('pixels');
    const options = input?.tables(4, 'units')[0]?.table(1, 'options');
    // Values times 0.5 plus 1: mean -2, deviation 2.
    expect([options?.floats(0, 'mean'), options?.floats(1, 'deviation')]).toEqual([[-2], [2]]);
    const [scores] = subgraph?.tables(3, 'outputs') ?? [];
    const [labels] = scores?.tables(6, 'files') ?? [];
    expect([labels?.string(0, 'name'), labels?.byte(2)]).toEqual(['labels.txt', 2]);
  });

  it('has a file that LiteRT runs as it ran before', async () => {
    await deploy('android');
    const runtime = await loadRuntime();
    const input = Uint8Array.from({ length: 1024 }, (_, i) => (i * 37) & 255);
    const outputs = [];
    for (const file of [path.join(folder, 'net.tflite'), path.join(output, 'src/main/assets/net.tflite')]) {
      const interpreter = await runtime.load(new Uint8Array(await readFile(file)));
      outputs.push(await interpreter.run([input]));
      await interpreter.dispose();
    }
    expect(outputs[1]).toEqual(outputs[0]);
  });

  it.skipIf(!hasCompiler)('has C that compiles against the Java Native Interface, with the names of the class in it', async () => {
    const files = await deploy('android');
    expect(files).toContain('src/main/java/espalier/NetModel.kt');
    const cpp = path.join(output, 'src/main/cpp');
    inFolderOf([{ path: 'jni.h', contents: jniHeader }], (stub) => {
      for (const source of ['net_jni.c', 'net_preprocess.c', 'net_postprocess.c', 'net_test_case.c'])
        execFileSync('gcc', ['-std=c99', '-Wall', '-Wextra', '-Werror', `-I${stub}`, '-c', source, '-o', path.join(stub, 'object.o')], {
          cwd: cpp,
        });
    });
    const kotlin = await readFile(path.join(output, 'src/main/java/espalier/NetModel.kt'), 'utf8');
    const inC = await readFile(path.join(cpp, 'net_jni.c'), 'utf8');
    const external = [...kotlin.matchAll(/private external fun (\w+)\(/g)].map(([, name]) => name ?? '').sort();
    const exported = [...inC.matchAll(/JNICALL Java_espalier_NetModel_(\w+)\(/g)].map(([, name]) => name ?? '').sort();
    expect(external).toEqual(exported);
    expect(external).toEqual(['checkPreprocessing', 'difference', 'preprocess', 'testInput', 'values']);
  });
});

describe('a folder for iOS', () => {
  it.skipIf(!hasCompiler)('has a class that calls functions which the bridging header declares', async () => {
    const files = await deploy('ios');
    expect(files).toEqual(expect.arrayContaining(['NetModel.swift', 'NetModel-Bridging-Header.h', 'labels.txt', 'net.tflite', 'Podfile']));
    const swift = await readFile(path.join(output, 'NetModel.swift'), 'utf8');
    const headers = await Promise.all(
      ['preprocess', 'postprocess', 'test_case'].map((part) => readFile(path.join(output, `net_${part}.h`), 'utf8')),
    );
    const called = new Set([...swift.matchAll(/\b((?:net|NET)_\w+)/g)].map(([, name]) => name ?? ''));
    expect([...called].sort()).toEqual([
      'NET_INPUT_TOLERANCE',
      'net_check_preprocessing',
      'net_output_value',
      'net_preprocess',
      'net_test_input',
      'net_test_output',
    ]);
    for (const name of called) expect(headers.join('\n')).toMatch(new RegExp(`\\b${name}\\b`));
    execFileSync('gcc', ['-std=c99', '-Wall', '-Werror', '-fsyntax-only', '-x', 'c', 'NetModel-Bridging-Header.h'], { cwd: output });
  });
});
