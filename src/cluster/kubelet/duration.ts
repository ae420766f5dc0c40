import type { Micros } from '../simulation/simulation.ts';

/** A duration as Go prints it: `40s`, `1m20s`, `1.234s`, `312ms`, `0s`. */
export function goDuration(duration: Micros): string {
  if (duration === 0) return '0s';
  if (duration < 1_000) return `${duration}µs`;
  if (duration < 1_000_000) return `${trimmed(duration / 1_000)}ms`;
  const hours = Math.floor(duration / 3_600_000_000);
  const minutes = Math.floor(duration / 60_000_000) % 60;
  const seconds = trimmed((duration % 60_000_000) / 1_000_000);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(6)));
}
