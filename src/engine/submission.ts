import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BreakfixError } from '../core/errors.ts';
import { canonical, isObject } from '../core/json.ts';
import type { LogHead } from '../providers/provider.ts';
import { sinceReset } from '../report/journal.ts';
import { type TakenHint, takenHints } from './hints.ts';
import type { Incident } from './incident.ts';
import type { OpenLab } from './open-lab.ts';

/**
 * What a learner hands in: what was done to the API, in order. Replayed on a fresh cluster it gives the same state,
 * so what is marked is what happened. The checksum finds damage; what a forger could claim here are `hints` and `ended`.
 */
export interface Submission {
  readonly format: 'breakfix-submission';
  readonly version: number;
  /** Version of breakfix. */
  readonly breakfix: string;
  readonly incident: string;
  readonly seed: number;
  /** Virtual time of the lab's start, microseconds since 1970. */
  readonly epoch: number;
  /** Those that were taken, in order; the scenario knows their prices. */
  readonly hints: readonly Pick<TakenHint, 'time' | 'text'>[];
  /** Whether the attempt ended with `giveup` or `solve`: then it earns nothing. */
  readonly ended: boolean;
  /** The log, gzip and base64. */
  readonly log: string;
  /** Over the canonical JSON of everything else. */
  readonly sha256: string;
}

export const SUBMISSION_VERSION = 1;

/** A log above this is not one of a learner's session, in bytes: a small file may unpack to a huge one. */
const LONGEST_LOG = 256 * 1024 * 1024;

/** @throws BreakfixError where the lab's provider keeps no log */
export async function makeSubmission(lab: OpenLab, breakfix: string): Promise<Submission> {
  const log = await lab.cluster.can.inputs?.();
  if (log === undefined) {
    throw new BreakfixError({
      code: 'NOTHING_TO_SUBMIT',
      kind: 'user',
      message: `lab ${lab.name} runs on provider ${lab.record.provider}, which keeps no log that could be replayed`,
      fix: 'start the lab with --provider embedded to hand it in; breakfix report works for every provider',
    });
  }
  const entries = lab.folder.journal.read();
  const content: Omit<Submission, 'sha256'> = {
    format: 'breakfix-submission',
    version: SUBMISSION_VERSION,
    breakfix,
    incident: lab.record.incident,
    seed: lab.record.seed,
    epoch: headOf(log).epoch,
    hints: takenHints(entries).map(({ time, text }) => ({ time, text })),
    ended: sinceReset(entries).some(({ type }) => type === 'given-up' || type === 'solved'),
    log: gzipSync(log).toString('base64'),
  };
  return { ...content, sha256: checksum(content) };
}

/**
 * Reads a submission.
 * @param name of the file, for messages
 * @throws BreakfixError for a file that is none, is damaged, or was written by another version
 */
export function readSubmission(text: string, name: string, breakfix: string): Submission {
  const submission = parse(text, name);
  if (submission.version !== SUBMISSION_VERSION || submission.breakfix !== breakfix) {
    throw refused(
      'SUBMISSION_OTHER_VERSION',
      `${name} was written by breakfix ${submission.breakfix} (format ${submission.version}); this is breakfix ${breakfix} (format ${SUBMISSION_VERSION}), and another version may simulate differently`,
      `grade it with the version that wrote it: npx breakfix@${submission.breakfix} grade --replay ${name}`,
    );
  }
  const { sha256, ...content } = submission;
  if (checksum(content) !== sha256) {
    throw refused('SUBMISSION_DAMAGED', `${name} is not what was handed in: its checksum does not fit`);
  }
  return submission;
}

/** The log of a submission. @throws BreakfixError where it cannot be unpacked or belongs to another lab */
export function logOf(submission: Submission, name: string, clusterSeed: string): string {
  const { log, head } = unpacked(submission, name);
  const { seed, epoch, breakfix } = head;
  if (seed !== clusterSeed || epoch !== submission.epoch || breakfix !== submission.breakfix) {
    throw refused(
      'SUBMISSION_MISMATCH',
      `the log in ${name} is of another lab than the file says (${submission.incident}, seed ${submission.seed})`,
    );
  }
  return log;
}

function unpacked(submission: Submission, name: string): { log: string; head: LogHead } {
  try {
    const packed = Buffer.from(submission.log, 'base64');
    const log = gunzipSync(packed, { maxOutputLength: LONGEST_LOG }).toString('utf8');
    return { log, head: headOf(log) };
  } catch (cause) {
    throw refused('SUBMISSION_DAMAGED', `the log in ${name} cannot be read`, undefined, cause);
  }
}

function headOf(log: string): LogHead {
  return JSON.parse(log.slice(0, log.indexOf('\n'))) as LogHead;
}

const TYPES: Readonly<Record<string, string>> = {
  version: 'number',
  breakfix: 'string',
  incident: 'string',
  seed: 'number',
  epoch: 'number',
  ended: 'boolean',
  log: 'string',
  sha256: 'string',
};

function parse(text: string, name: string): Submission {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused('SUBMISSION_MALFORMED', `${name} is not JSON`, undefined, cause);
  }
  if (!isObject(value) || value['format'] !== 'breakfix-submission') {
    throw refused('SUBMISSION_MALFORMED', `${name} is not a submission of breakfix`);
  }
  const wrong = Object.entries(TYPES).filter(([field, type]) => typeof value[field] !== type);
  const fields = wrong.map(([field, type]) => `${field} (${type})`);
  if (!areHints(value['hints'])) fields.push('hints (a list of time and text)');
  if (fields.length > 0) {
    throw refused('SUBMISSION_MALFORMED', `${name} lacks ${fields.join(', ')}`);
  }
  return value as unknown as Submission;
}

function areHints(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (one) =>
        isObject(one) && typeof one['text'] === 'string' && !Number.isNaN(Date.parse(String(one['time']))),
    )
  );
}

function checksum(content: Omit<Submission, 'sha256'>): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

/** The hints of a submission with their prices. @throws BreakfixError where there are more than the incident has */
export function hintsOf(
  { hints }: Submission,
  name: string,
  { scenario, values }: Incident,
): readonly Omit<TakenHint, 'type'>[] {
  const known = scenario.hints(values);
  if (hints.length > known.length) {
    throw refused(
      'SUBMISSION_MISMATCH',
      `${name} has ${hints.length} hints; ${scenario.incident} has ${known.length}`,
    );
  }
  return hints.map((hint, index) => ({ ...hint, number: index + 1, price: known[index]?.price ?? 0 }));
}

function refused(code: string, message: string, fix?: string, cause?: unknown): BreakfixError {
  return new BreakfixError({
    code,
    kind: 'user',
    message,
    fix: fix ?? 'ask for the file again: breakfix submit FILE writes it',
    cause,
  });
}
