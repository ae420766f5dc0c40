import { randomUUID } from 'node:crypto';
import { BreakfixError } from '../../core/errors.ts';
import { parseGoDuration } from '../../core/go-duration.ts';
import { seedOf, seedOfChance } from '../../engine/incident.ts';
import type { AloneSpec } from '../../providers/embedded/alone.ts';

export interface SpecFlags {
  readonly nodes?: string;
  readonly port?: string;
  readonly seed?: string;
  readonly headroom?: string;
}

/** Each node has an address of its own, and those from 172.18.0.200 on are for registries. */
const MOST_NODES = 100;
const HIGHEST_PORT = 65_535;
/** Certificates and Kubernetes itself have no use for more. */
const LONGEST = 366 * 24 * 3_600_000;

/** @throws BreakfixError for a value that is not possible */
export function specFrom(flags: SpecFlags): AloneSpec {
  return {
    nodes: flags.nodes === undefined ? 1 : wholeNumber('nodes', flags.nodes, 1, MOST_NODES),
    port: flags.port === undefined ? 0 : wholeNumber('port', flags.port, 1, HIGHEST_PORT),
    seed: String(flags.seed === undefined ? seedOfChance(randomUUID()) : seedOf(flags.seed)),
    headroom: flags.headroom === undefined ? 0 : durationOf(flags.headroom, '--headroom 2h'),
  };
}

/** Milliseconds of `10m`, `1h30m`. @param example what would be right @throws BreakfixError */
export function durationOf(text: string, example: string): number {
  const ms = duration(text);
  if (ms !== undefined && ms > 0 && ms <= LONGEST) return Math.round(ms);
  throw new BreakfixError({
    code: 'DURATION_INVALID',
    kind: 'user',
    message: `"${text}" is not a time that can be: it is written as 90s, 10m, 1h30m or 7d, is more than nothing and at most 366d`,
    fix: `for example ${example}`,
  });
}

/** As Go writes it, and days. */
function duration(text: string): number | undefined {
  const [, days = '0', rest = ''] = /^(?:(\d+)d)?(.*)$/.exec(text.trim()) ?? [];
  try {
    return Number(days) * 24 * 3_600_000 + (rest === '' ? 0 : parseGoDuration(rest));
  } catch {
    return undefined;
  }
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new BreakfixError({
    code: `${flag.toUpperCase()}_OUT_OF_RANGE`,
    kind: 'user',
    message: `--${flag} ${text} is not possible; it is a whole number from ${least} to ${most}`,
    fix: `--${flag} ${flag === 'port' ? 6443 : 3}, or no --${flag}`,
  });
}
