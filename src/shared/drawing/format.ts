/** Formats of figures. Accuracies are fractions, sizes are bytes, times are as their names say. */
export const missing = '–';

export function formatPercent(fraction: number | undefined, digits = 2): string {
  return fraction === undefined ? missing : `${(fraction * 100).toFixed(digits)}%`;
}

/** With as many of two decimals as it has: for the ticks of an axis. */
export function formatShare(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))}%`;
}

/** Four digits that count, of errors, cosines and the like. */
export function formatNumber(value: number | undefined): string {
  return value === undefined ? missing : Number(value.toPrecision(4)).toString();
}

export function formatDecibels(value: number | undefined): string {
  return value === undefined ? missing : `${value.toFixed(1)} dB`;
}

/** Thousands apart. Without `Intl`, whose first use takes as long as a frame may. */
export function formatCount(value: number): string {
  const [whole = '', ...fraction] = String(value).split('.');
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...fraction].join('.');
}

/** In units of 1,000, as file managers and download pages count. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return missing;
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 999_950) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}

/** With a sign. */
export function formatByteChange(bytes: number | undefined): string {
  return bytes === undefined ? missing : `${bytes < 0 ? '−' : '+'}${formatBytes(Math.abs(bytes))}`;
}

export function formatMilliseconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? missing : `${milliseconds.toFixed(milliseconds < 10 ? 3 : 1)} ms`;
}

export function formatSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return missing;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** For a clock that is looked at while it runs: whole seconds, minutes, hours. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** With a sign, in percentage points. */
export function formatChange(fraction: number | undefined): string {
  if (fraction === undefined) return missing;
  const points = (fraction * 100).toFixed(2);
  return fraction >= 0 ? `+${points}` : points.replace('-', '−');
}
