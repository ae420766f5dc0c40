import type { PartResult } from '../score/score.ts';
import type { LabReport } from './summary.ts';

/**
 * What a runner of GitHub Classroom hands to its reporter (as base64, in `<RUNNER>_RESULTS`). The reporter adds up the
 * `score` of all tests for Classroom, and fails where `status` is not `pass`.
 * https://github.com/classroom-resources/autograding-grading-reporter
 */
export interface ClassroomResult {
  readonly version: 1;
  readonly status: 'pass' | 'fail' | 'error';
  /** Without one nothing is told to Classroom. */
  readonly max_score: number;
  /** Never empty: the reporter divides by their number. */
  readonly tests: readonly ClassroomTest[];
}

export interface ClassroomTest {
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'error';
  readonly score: number;
  /** Shown where the status is not `pass`. */
  readonly message: string;
  readonly execution_time: string;
  readonly filename: string;
  readonly line_no: number;
}

/** The points of every scenario's objectives together: what a lab that was never graded could have had. */
const MOST = 100;

const STATUSES = {
  passed: 'pass',
  failed: 'fail',
  'given-up': 'fail',
  solved: 'fail',
  ungraded: 'fail',
  error: 'error',
} as const;

/** A lab for GitHub Classroom: a test for each objective and safeguard; their scores add up to the lab's points. */
export function classroom(report: LabReport): string {
  return `${JSON.stringify(classroomResult(report), undefined, 2)}\n`;
}

export function classroomResult(report: LabReport): ClassroomResult {
  const { outcome, points, most, objectives, safeguards } = report;
  const tests = [
    ...objectives.map((part) => testOf(part, part.status === 'pass' ? part.points : 0)),
    ...safeguards.map((part) => testOf(part, 0)),
  ];
  const rest = points - tests.reduce((sum, { score }) => sum + score, 0);
  return {
    version: 1,
    status: STATUSES[outcome],
    max_score: most === 0 ? MOST : most,
    tests: [
      ...(tests.length === 0 ? [own('Graded', 'fail', 0, `no grade counts: ${outcome}`)] : tests),
      ...(rest === 0 ? [] : [own(takenOff(report), 'pass', rest, '')]),
    ],
  };
}

function testOf({ id, title, status, expected, seen, tookMs }: PartResult, score: number): ClassroomTest {
  const message = status === 'pass' ? '' : `expected: ${expected}; last seen: ${seen}`;
  return { ...own(`${id}: ${title}`, status, score, message), execution_time: seconds(tookMs) };
}

function own(name: string, status: ClassroomTest['status'], score: number, message: string): ClassroomTest {
  return { name, status, score, message, execution_time: seconds(0), filename: '', line_no: 0 };
}

/** Why a lab has fewer points than its objectives earned. */
function takenOff({ outcome, hints, safeguards }: LabReport): string {
  const broken = safeguards.filter(({ status }) => status === 'fail').map(({ id }) => id);
  const reasons = [
    ...(outcome === 'passed' && hints.length > 0 ? [`hints: ${hints.length}`] : []),
    ...(broken.length > 0 ? [`broken: ${broken.join(', ')}`] : []),
    ...(['given-up', 'solved', 'error'].includes(outcome) ? [outcome] : []),
  ];
  return `Taken off (${reasons.join('; ')})`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)}s`;
