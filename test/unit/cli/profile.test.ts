/** `espalier profile` beside a `vela` on the path: a script that writes what Vela writes. */
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerOptimize } from '../../../src/cli/commands/optimize.ts';
import { registerProfile } from '../../../src/cli/commands/profile.ts';
import { mnistCnn } from '../../../src/core/models/mnist-cnn.ts';
import { integerStructure } from '../../../src/core/tree/operations/integer-structure.ts';
import type { HardwareProfile } from '../../../src/shared/hardware.ts';
import { runCli, type Ended } from '../../support/run-cli.ts';

let folder: string;
let model: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-profile-'));
  model = join(folder, 'mnist.tflite');
  await writeFile(model, integerStructure(mnistCnn({ seed: 1 })));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const espalier = (...args: readonly string[]): Promise<Ended> => runCli([registerProfile, registerOptimize], args);

/** A `vela` that runs these lines of shell; `$1` is the file, `$5` the folder for what it writes. */
async function installVela(lines: string): Promise<void> {
  const bin = join(folder, 'vela');
  await writeFile(bin, `#!/bin/sh\nif [ "$1" = --version ]; then echo 3.12.0; exit 0; fi\n${lines}\n`);
  await chmod(bin, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
}

const profileOf = async (...args: readonly string[]): Promise<HardwareProfile> =>
  JSON.parse((await espalier('profile', model, '--target', 'ethos-u55-128', '--json', ...args)).out) as HardwareProfile;

const summary = String.raw`experiment,network,core_clock,arena_cache_size,sram_memory_used,total_original_weights,total_npu_encoded_weights,cycles_npu,cycles_total
default,model,500000000.0,384.0,12.5,20000,9000,40000.0,50000.0`;

describe.skipIf(process.platform === 'win32')('profile beside vela', () => {
  it('shows its cycles, encoded weights, SRAM and compiled file instead of the estimates, and says whose they are', async () => {
    await installVela(
      `[ "$2 $3 $4" = "--accelerator-config ethos-u55-128 --output-dir" ] || exit 9\nprintf '%s\\n' '${summary}' > "$5/model_summary_internal-default.csv"\nprintf 1234 > "$5/model_vela.tflite"`,
    );
    const profile = await profileOf();
    expect(profile.npu).toMatchObject({ cycles: 50_000, weightBytes: 9000, sramBytes: 12_800, clockHertz: 5e8, source: 'Vela 3.12.0' });
    expect(profile.cycles).toMatchObject({ cpu: 0, npu: 50_000, milliseconds: 0.1, sources: ['Vela 3.12.0'] });
    expect(profile.ram.arenaBytes).toBe(12_800 + profile.ram.persistent.bytes);
    expect(profile.flash.fileBytes).toBe(4);
    expect((await espalier('profile', model, '--target', 'ethos-u55-128')).out).toContain('9.0 kB encoded for ethos-u55-128 (Vela 3.12.0)');
  });

  it('is asked not to run it', async () => {
    await installVela('exit 9');
    const profile = await profileOf('--no-vela');
    expect(profile.npu?.source).toBe('estimate');
    expect(profile.warnings).toEqual([]);
  });

  it.each([
    ['fails', 'echo "Error: no such operator" >&2; exit 1', /it failed: Error: no such operator/],
    ['writes nothing', 'exit 0', /it wrote no summary/],
    ['writes a summary of another form', `echo 'a,b' > "$5/model_summary_x.csv"`, /its summary has no figure "cycles_total"/],
  ])('keeps the estimates where it %s', async (_name, lines, message) => {
    await installVela(lines);
    const profile = await profileOf();
    expect(profile.npu?.source).toBe('estimate');
    expect(profile.warnings.join()).toMatch(message);
    expect(profile.warnings.join()).toMatch(/figures of the NPU are estimates/);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('espalier-vela-'))).toEqual([]);
  });
});

describe('a board or target that is not known', () => {
  it.each([
    [['--board', 'pico-3'], /board "pico-3": the board is not known; known are .*pico-2/],
    [['--target', 'cortex-m5'], /target "cortex-m5": "cortex-m5" is not known; give a core \(cortex-m4, /],
  ])('is refused before anything is read or written: %j', async (options, message) => {
    const out = join(folder, 'out');
    const { code, err } = await espalier('optimize', 'none.h5', '--data', 'none.json', '--steps', 'quantize=ptq', '-o', out, ...options);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
    expect(await readdir(folder)).toEqual(['mnist.tflite']);
    const profiled = await espalier('profile', model, ...options);
    expect([profiled.code === 0, profiled.err]).toEqual([false, expect.stringMatching(message)]);
  });
});
