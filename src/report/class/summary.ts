import type { PartResult } from '../../score/score.ts';
import type { Outcome } from '../standing.ts';
import type { LabReport } from '../summary.ts';
import type { Times } from '../timeline.ts';

/** Of `class.json`; it grows when a field changes its meaning or goes, not when one is added. */
export const CLASS_VERSION = 1;

/** One lab of somebody, as it was found in a folder. */
export interface FoundLab {
  readonly who: string;
  readonly report: LabReport;
}

/** What was handed in and could not be read or judged. */
export interface Refused {
  readonly who: string;
  readonly why: string;
}

/** Many labs in one document: `class.json`, and what the other formats are made of. */
export interface ClassSummary {
  readonly schema: 'breakfix-class';
  readonly version: typeof CLASS_VERSION;
  readonly labs: readonly ClassLab[];
  readonly parts: readonly ClassPart[];
  readonly refused: readonly Refused[];
}

export interface ClassLab {
  readonly who: string;
  readonly lab: string;
  readonly incident: string;
  readonly seed: number;
  readonly outcome: Outcome;
  readonly points: number;
  readonly most: number;
  /** Objectives and safeguards that do not hold in the grade that counts, by id. */
  readonly open: readonly string[];
  readonly hints: number;
  readonly hintPrice: number;
  readonly grades: number;
  readonly resets: number;
  /** Milliseconds from the hand-over. */
  readonly times: Times;
}

/** An objective or a safeguard, in all labs that have a grade that counts. */
export interface ClassPart {
  readonly incident: string;
  readonly id: string;
  readonly kind: 'objective' | 'safeguard';
  /** In how many labs it holds, out of how many. */
  readonly held: number;
  readonly of: number;
}

/** Sums up a class: by who, and by what is asked of them. */
export function classOf(found: readonly FoundLab[], refused: readonly Refused[]): ClassSummary {
  return {
    schema: 'breakfix-class',
    version: CLASS_VERSION,
    labs: found.map(labOf).toSorted((a, b) => compare([a.who, a.lab], [b.who, b.lab])),
    parts: partsOf(found.map(({ report }) => report)),
    refused: refused.toSorted((a, b) => compare([a.who], [b.who])),
  };
}

function labOf({ who, report }: FoundLab): ClassLab {
  const { lab, incident, seed, outcome, points, most, hints, grades, resets, times } = report;
  const open = [...report.objectives, ...report.safeguards].filter(({ status }) => status !== 'pass');
  return {
    who,
    lab,
    incident,
    seed,
    outcome,
    points,
    most,
    open: open.map(({ id }) => id),
    hints: hints.length,
    hintPrice: hints.reduce((sum, { price }) => sum + price, 0),
    grades: grades.length,
    resets,
    times,
  };
}

function partsOf(reports: readonly LabReport[]): ClassPart[] {
  const parts = reports.flatMap(({ incident, objectives, safeguards }) => {
    const partOf = (kind: ClassPart['kind'], { id, status }: PartResult): ClassPart => ({
      incident,
      id,
      kind,
      held: status === 'pass' ? 1 : 0,
      of: 1,
    });
    return [
      ...objectives.map((part) => partOf('objective', part)),
      ...safeguards.map((part) => partOf('safeguard', part)),
    ];
  });
  const same = Map.groupBy(parts, ({ incident, kind, id }) => `${incident} ${kind} ${id}`);
  return [...same.values()]
    .flatMap(([first, ...others]) => {
      if (first === undefined) return [];
      const held = others.reduce((sum, one) => sum + one.held, first.held);
      return [{ ...first, held, of: others.length + 1 }];
    })
    .toSorted((a, b) => compare([a.incident, a.kind], [b.incident, b.kind]));
}

/** By code points: the same order on every machine. */
function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((text, at) => text !== b[at]);
  return index === -1 ? 0 : (a[index] ?? '') < (b[index] ?? '') ? -1 : 1;
}
