import type { HardwareProfile } from '../../../shared/hardware.ts';
import { EspalierError } from '../../errors.ts';

/** What Vela, Arm's compiler, reports of a file that it has compiled. */
export interface VelaSummary {
  /** `Vela 3.10.0` */
  readonly version: string;
  readonly cycles: number;
  readonly clockHertz: number;
  readonly weightBytes: number;
  readonly sramBytes: number;
  /** Of the compiled file; undefined where it was not kept. */
  readonly fileBytes: number | undefined;
}

/** Columns of `NAME_summary_CONFIG.csv`: `stats_writer.py` of ethos-u-vela 3.x. Sizes of memories are in KiB. */
const columns = {
  cycles: 'cycles_total',
  clockHertz: 'core_clock',
  weightBytes: 'total_npu_encoded_weights',
  sramKibibytes: 'sram_memory_used',
} as const;

/**
 * The last row of Vela's summary, by the names of its columns: others may come and go between versions.
 *
 * @throws EspalierError `invalid-data` where a column is missing or is no number
 */
export function parseVelaSummary(csv: string, version: string, fileBytes: number | undefined): VelaSummary {
  const rows = csv
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')));
  const [names = []] = rows;
  const cells = rows.length > 1 ? rows.at(-1) : undefined;
  const figure = (name: string): number => {
    const text = cells?.[names.indexOf(name)];
    const value = text === undefined || text === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new EspalierError('invalid-data', `its summary has no figure "${name}"`, {
      where: version,
      fix: 'use a version of Vela from 3.0 on, or leave it out with --no-vela',
    });
  };
  return {
    version,
    cycles: figure(columns.cycles),
    clockHertz: figure(columns.clockHertz),
    weightBytes: figure(columns.weightBytes),
    sramBytes: Math.round(1024 * figure(columns.sramKibibytes)),
    fileBytes,
  };
}

/** Vela's figures in place of the estimates. Cycles of single operators stay estimates. */
export function withVelaSummary(profile: HardwareProfile, vela: VelaSummary): HardwareProfile {
  const { npu, cycles, ram, flash } = profile;
  if (npu === undefined) return profile;
  const isWholeOnNpu = npu.cpuOperators === 0;
  const cpuMilliseconds = cycles?.milliseconds === undefined ? undefined : cycles.milliseconds - (1000 * npu.cycles) / npu.clockHertz;
  return {
    ...profile,
    npu: {
      ...npu,
      cycles: vela.cycles,
      clockHertz: vela.clockHertz,
      weightBytes: vela.weightBytes,
      sramBytes: vela.sramBytes,
      source: vela.version,
    },
    ram: isWholeOnNpu ? { ...ram, arenaBytes: vela.sramBytes + ram.persistent.bytes } : ram,
    flash:
      vela.fileBytes === undefined ? flash : { ...flash, fileBytes: vela.fileBytes, bytes: flash.bytes - flash.fileBytes + vela.fileBytes },
    cycles: cycles && {
      ...cycles,
      npu: vela.cycles,
      milliseconds: cpuMilliseconds === undefined ? undefined : cpuMilliseconds + (1000 * vela.cycles) / vela.clockHertz,
      sources: [...cycles.sources.filter((source) => !source.startsWith('a model of ')), vela.version],
    },
    warnings: [...profile.warnings, `cycles of single operators are estimates; those of the whole are ${vela.version}’s`],
  };
}
