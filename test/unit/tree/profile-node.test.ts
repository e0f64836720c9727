import { describe, expect, it } from 'vitest';
import { profileTflite } from '../../../src/core/hardware/profile-tflite.ts';
import { packTflite } from '../../../src/core/tflite/pack/pack-tflite.ts';
import { serializeTflite } from '../../../src/core/tflite/serialize-tflite.ts';
import { countedNpu, deployTarget, profileNode } from '../../../src/core/tree/profile-node.ts';
import { packableModel } from '../tflite/pack/packable-model.ts';

const plain = serializeTflite(packableModel({ values: 16, sparsity: 0.5 }));
const target = deployTarget({ target: 'cortex-m4' });

describe('bytes of an Ethos-U', () => {
  const unlimited = { deploy: { target: 'cortex-m4' } };

  it('are counted for the NPU of the target, or where the recipe limits them', () => {
    expect(countedNpu(unlimited)).toBeUndefined();
    expect(countedNpu({ deploy: { target: 'cortex-m55+ethos-u65-256' } })).toBe('ethos-u65-256');
    expect(countedNpu({ ...unlimited, targets: { ethosUBytes: 1 } })).toBe('ethos-u55-128');
    expect(countedNpu({ strategy: { kind: 'pareto', steps: 1, budgets: [{ compressedBytes: 1 }, { ethosUBytes: 1 }] } })).toBe(
      'ethos-u55-128',
    );
  });

  it('are those that a profile for the NPU says', () => {
    const bytes = profileTflite({ file: '', bytes: plain, target: deployTarget({ target: 'ethos-u55-128' }) }).npu?.weightBytes;
    expect(bytes).toBeGreaterThan(0);
    expect(profileNode(plain, target).figures?.ethosUBytes).toBeUndefined();
    expect(profileNode(plain, target, undefined, 'ethos-u55-128').figures?.ethosUBytes).toBe(bytes);
    expect(profileNode(plain, deployTarget({ target: 'cortex-m55+ethos-u55-128' })).figures?.ethosUBytes).toBe(bytes);
  });
});

describe('what a node needs of a device', () => {
  it('is that of the packed file where the recipe packs: less flash, and RAM for the kernels that are decoded', () => {
    const { figures } = profileNode(plain, target);
    const { figures: packed, profile } = profileNode(plain, target, { pack: 'small' });
    expect(packed?.flashBytes).toBeLessThan(figures?.flashBytes ?? 0);
    // The dense kernel of 10 x 2048 weights lies beside the 2048 integers that it is multiplied with.
    expect(packed?.ramBytes).toBeGreaterThanOrEqual(20480 + 2048);
    expect(figures?.ramBytes).toBeLessThan(20480);
    expect(packed?.ramBytes).toBe(profileTflite({ file: '', bytes: packTflite(plain, { goal: 'small' }).bytes, target }).ram.arenaBytes);
    expect(profile?.ram.head.buffers.filter(({ kind }) => kind === 'decoded')).toHaveLength(3);
  });

  it.each([undefined, { pack: 'off' }] as const)('is that of the plain file with deploy %j', (deploy) => {
    expect(profileNode(plain, target, deploy)).toEqual(profileNode(plain, target));
  });

  it('is that of the plain file where an NPU reads the weights, or nothing gets smaller', () => {
    const npu = deployTarget({ target: 'cortex-m55+ethos-u55-128' });
    expect(profileNode(plain, npu, { pack: 'small' })).toEqual(profileNode(plain, npu));
    const noisy = serializeTflite(packableModel({ values: 250, sparsity: 0 }));
    expect(profileNode(noisy, target, { pack: 'fast' })).toEqual(profileNode(noisy, target));
  });
});
