import { arch, cpus, platform, totalmem } from 'node:os';

/** Model of the processor, which the bits of a result and its latency depend on. */
export function describeProcessor(): string {
  return cpus()[0]?.model.trim() ?? arch();
}

export function describeMachine(): string {
  return `${describeProcessor()}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${platform()} ${arch()}`;
}
