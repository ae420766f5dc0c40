import { equal } from '../core/json.ts';
import type { Change, JournalEntry } from './journal.ts';
import { ownWork } from './standing.ts';

/** A change of the learner, and when it was first seen. */
export interface TimedChange extends Change {
  readonly time: string;
}

/**
 * What the learner changed since the hand-over, in order: the journal keeps the difference to the hand-over each
 * time, this keeps what is new in each. A field that is back at what it was is listed with that as its `after`.
 * What a listed fix changed is left out.
 */
export function changesOf(entries: readonly JournalEntry[]): TimedChange[] {
  const changes: TimedChange[] = [];
  let known: readonly Change[] = [];
  for (const entry of ownWork(entries)) {
    if (entry.type !== 'changed') continue;
    const { time } = entry;
    for (const change of entry.changes) {
      if (!known.some((one) => equal(one, change))) changes.push({ time, ...change });
    }
    for (const { object, field, before, after } of known) {
      const still = entry.changes.some((one) => one.object === object && one.field === field);
      if (!still) changes.push({ time, object, field, before: after, after: before });
    }
    known = entry.changes;
  }
  return changes;
}

/** Milliseconds from the hand-over of the attempt; undefined for what has not happened. */
export interface Times {
  /** The first sign of work: a hint, a diagnosis, a change, a grade. */
  readonly acknowledge?: number;
  /** The first grade in which at least one objective holds. */
  readonly mitigate?: number;
  /** The first grade that passes. */
  readonly resolve?: number;
}

export function timesOf(entries: readonly JournalEntry[]): Times {
  const own = ownWork(entries);
  const begin = own.find(({ type }) => type === 'handed-over');
  if (begin === undefined) return {};
  const after = (entry: JournalEntry | undefined): number | undefined =>
    entry === undefined ? undefined : Date.parse(entry.time) - Date.parse(begin.time);
  const acknowledge = after(own.find(isWork));
  const mitigate = after(
    own.find((entry) => entry.type === 'graded' && entry.objectives.some(({ status }) => status === 'pass')),
  );
  const resolve = after(own.find((entry) => entry.type === 'graded' && entry.verdict === 'pass'));
  return {
    ...(acknowledge === undefined ? {} : { acknowledge }),
    ...(mitigate === undefined ? {} : { mitigate }),
    ...(resolve === undefined ? {} : { resolve }),
  };
}

function isWork(entry: JournalEntry): boolean {
  if (entry.type === 'changed') return entry.changes.length > 0;
  return entry.type === 'hint' || entry.type === 'diagnosis' || entry.type === 'graded';
}
