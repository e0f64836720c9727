import { arch } from 'node:process';
import type * as OnnxRuntime from 'onnxruntime-common';
import { describe, expect, it } from 'vitest';
import { findChannelBlock } from '../../../src/core/engine/onnxruntime/channel-block.ts';
import { loadOnnxRuntimeNode } from '../../../src/core/engine/onnxruntime/load-onnxruntime.ts';
import { encodeProgram } from '../../../src/core/engine/onnxruntime/onnx-program.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';

const runtime = loadOnnxRuntimeNode();

/** The runtime, with another way to make sessions. */
function runtimeThat(create: (model: Uint8Array) => Promise<unknown>): typeof OnnxRuntime {
  const changed = { ...runtime, InferenceSession: { create } };
  // @ts-expect-error: the other ways to make a session are not called
  return changed;
}

describe('findChannelBlock', () => {
  it('finds the size of blocks where the processor has blocked convolutions', async () => {
    const block = await findChannelBlock(runtime);
    if (arch === 'x64') expect([8, 16]).toContain(block);
    else expect([8, 16, undefined]).toContain(block);
  });

  it('finds none where the runtime refuses the operators', async () => {
    expect(await findChannelBlock(runtimeThat(() => Promise.reject(new Error('no such operator'))))).toBeUndefined();
  });

  it('finds none where the results differ from those of Conv', async () => {
    const data = (value: number): unknown => ({ data: new Float32Array(2 * 32 * 5 * 7).fill(value) });
    const session = { run: () => Promise.resolve({ expected: data(1), actual: data(2) }), release: () => Promise.resolve() };
    expect(await findChannelBlock(runtimeThat(() => Promise.resolve(session)))).toBeUndefined();
  });
});

describe('blocked convolutions', () => {
  const window = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
  const isBlocked = (channels: number, filters: number, size: number, groups = 1, constant = false): boolean => {
    const builder = createProgramBuilder();
    const shape = [filters, channels / groups, size, size];
    const filter = constant
      ? builder.constant(new Float32Array(filters * (channels / groups) * size ** 2), shape)
      : builder.input('f', shape);
    const y = builder.conv2d(builder.input('x', [1, channels, 6, 6]), filter, { ...window, groups });
    const model = encodeProgram(builder.build({ y }), { contributed: true, channelBlock: 8, blockBytes: 2 ** 20 });
    return Buffer.from(model).includes('com.microsoft.nchwc');
  };

  it('are for ordinary convolutions of 16 channels and more in whole blocks', () => {
    expect(isBlocked(16, 16, 3)).toBe(true);
    expect(isBlocked(32, 64, 5)).toBe(true);
    expect(isBlocked(3, 32, 3)).toBe(false);
    expect(isBlocked(8, 16, 3)).toBe(false);
    expect(isBlocked(20, 16, 3)).toBe(false);
    expect(isBlocked(16, 12, 3)).toBe(false);
    expect(isBlocked(32, 32, 1)).toBe(false);
    expect(isBlocked(32, 32, 3, 2)).toBe(false);
  });

  it('are left to the runtime where filters are constants', () => {
    expect(isBlocked(16, 16, 3, 1, true)).toBe(false);
  });
});
