import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { profileTflite } from '../../../src/core/hardware/profile-tflite.ts';
import { anyTarget, chosenTarget } from '../../../src/core/hardware/targets.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { mobileNetV2 } from '../../../src/core/models/mobilenet-v2.ts';
import { prepareForDeployment } from '../../../src/core/network/passes/prepare-for-deployment.ts';
import { writeTflite } from '../../../src/core/tflite/write-tflite.ts';
import { integerStructure } from '../../../src/core/tree/operations/integer-structure.ts';
import { describeFit } from '../../../src/shared/drawing/hardware-text.ts';

const mnist = integerStructure(mnistCnn({ seed: 1 }));

describe('profile', () => {
  it('counts operators, and adds up', () => {
    const profile = profileTflite({ file: 'mnist.tflite', bytes: mnist, target: chosenTarget('cortex-m55+ethos-u55-128', undefined) });
    expect(profile.macs).toBe(profile.operators.reduce((sum, { macs }) => sum + macs, 0));
    expect(profile.cycles?.npu).toBeCloseTo(profile.npu!.cycles);
    expect(profile.cycles?.cpu).toBe(0);
    expect(profile.cycles?.milliseconds).toBeCloseTo(profile.npu!.cycles / 1e6);
    expect(profile.flash.fileBytes).toBe(mnist.length);
    expect(profile.ram.arenaBytes).toBe(profile.npu!.sramBytes + profile.ram.persistent.bytes);
  });

  it('without a target it tells what holds everywhere, and no cycles', () => {
    const profile = profileTflite({ file: 'mnist.tflite', bytes: mnist, target: anyTarget });
    expect(profile).toMatchObject({ target: undefined, cycles: undefined, npu: undefined, board: undefined, warnings: [] });
    expect(profile.ram.arenaBytes).toBe(profile.ram.head.bytes + profile.ram.persistent.bytes);
  });

  it('a board that is too small: how much is missing, and at which operator', () => {
    const large = integerStructure(mobileNetV2({ inputSize: 160, classes: 10, alpha: 0.35, seed: 1 }));
    const profile = profileTflite({ file: 'large.tflite', bytes: large, target: chosenTarget(undefined, 'nano-33-ble-sense') });
    expect(profile.board?.fits).toBe(false);
    const missing = profile.ram.arenaBytes - 256 * 1024;
    expect(profile.board?.shortages).toEqual([{ memory: 'ram', missingBytes: missing, operator: profile.ram.peakOperator }]);
    expect(describeFit(profile)).toBe(
      `does not fit Arduino Nano 33 BLE Sense (nRF52840): ${(missing / 1000).toFixed(1)} kB of RAM too much, at operator ${profile.ram.peakOperator}`,
    );
    expect(describeFit(profileTflite({ file: '', bytes: mnist, target: chosenTarget(undefined, 'nano-33-ble-sense') }))).toMatch(
      /^fits Arduino Nano/,
    );
  });

  it('a float file has no cycles, and says why', () => {
    const bytes = writeTflite({ kind: 'float', network: prepareForDeployment(mnistCnn({ seed: 1 })) });
    const profile = profileTflite({ file: 'float.tflite', bytes, target: chosenTarget('cortex-m4', undefined) });
    expect(profile.cycles).toBeUndefined();
    expect(profile.warnings.join()).toMatch(/computes in float from .* on: cycles are known for int8 only/);
  });
});

const data = process.env['ESPALIER_TEST_DATA'];
describe.skipIf(data === undefined)('cycles of Cortex-M against published results of MLPerf Tiny', () => {
  const cycles = (file: string, target: string): number =>
    profileTflite({
      file,
      bytes: readFileSync(path.join(data ?? '', 'models', 'tflite', file)),
      target: chosenTarget(target, undefined),
    }).cycles!.cpu;

  it.each([
    // Clock over inferences a second, of the submissions that the fit names.
    ['kws_ref_model.tflite', 'cortex-m4', [120e6 / 10.019, 120e6 / 12.195, 200e6 / 21.652]],
    ['pretrainedResnet_quant.tflite', 'cortex-m4', [120e6 / 2.567, 120e6 / 3.348, 200e6 / 5.833]],
    ['kws_ref_model.tflite', 'cortex-m33', [128e6 / 13.143, 200e6 / 19.774]],
    ['pretrainedResnet_quant.tflite', 'cortex-m33', [128e6 / 3.163, 200e6 / 4.062]],
    ['kws_ref_model.tflite', 'cortex-m85', [480e6 / 288.611]],
    ['pretrainedResnet_quant.tflite', 'cortex-m85', [480e6 / 117.948]],
  ])('%s on %s', (file, target, published) => {
    const found = cycles(file, target);
    expect(found).toBeGreaterThan(Math.min(...published) * 0.75);
    expect(found).toBeLessThan(Math.max(...published) * 1.35);
  });
});
