import { BreakfixError } from '../core/errors.ts';
import type { DiagnosisAnswer } from '../report/journal.ts';
import type { Question } from '../scenario/types.ts';
import type { Incident } from './incident.ts';
import type { LabFolder } from './lab-store.ts';

export interface Diagnosis {
  readonly answers: readonly DiagnosisAnswer[];
  readonly points: number;
  readonly most: number;
}

export function questionsOf({ scenario, values }: Incident): readonly Question[] {
  return scenario.diagnosis(values);
}

/**
 * Grades the answers of a diagnosis by the scenario's rules, and writes them into the journal.
 * @param given by the question's id; of a question with choices also the choice's number, from 1
 * @throws BreakfixError where an answer is missing or nobody asked for it, or is a number that no choice has
 */
export function diagnose(
  { folder, incident }: { readonly folder: LabFolder; readonly incident: Incident },
  given: Readonly<Record<string, string | undefined>>,
  now: Date,
): Diagnosis {
  const questions = questionsOf(incident);
  const missing = questions.filter(({ id }) => given[id] === undefined);
  if (missing.length > 0) throw unanswered(missing, questions, given);
  const unasked = Object.keys(given).filter(
    (id) => given[id] !== undefined && !questions.some((question) => question.id === id),
  );
  if (unasked.length > 0) throw nobodyAsked(unasked, questions);
  const answers = questions.map((question): DiagnosisAnswer => {
    const answer = chosen(question, given[question.id] ?? '');
    const right = question.accepts(answer);
    const points = right ? question.points : 0;
    return { question: question.id, given: answer, right, points, most: question.points };
  });
  folder.journal.append(now, { type: 'diagnosis', answers });
  return { answers, points: sum(answers, 'points'), most: sum(answers, 'most') };
}

function chosen({ id, choices }: Question, given: string): string {
  if (id === 'object' && given.trim() !== '' && !given.includes('/')) throw noObject(given);
  if (choices === undefined || !/^\d+$/.test(given.trim())) return given;
  const choice = choices[Number(given) - 1];
  if (choice === undefined) throw noSuchChoice(id, choices, given);
  return choice;
}

function noSuchChoice(id: string, choices: readonly string[], given: string): BreakfixError {
  const lines = choices.map((choice, index) => `    ${index + 1}. ${choice}`);
  return new BreakfixError({
    code: 'DIAGNOSIS_NO_SUCH_CHOICE',
    kind: 'user',
    message: `--${id} ${given} is none of the choices:\n${lines.join('\n')}`,
    fix: `--${id} with a number from 1 to ${choices.length}`,
  });
}

/** An answer counts once: what cannot be one in this form is a slip. */
function noObject(given: string): BreakfixError {
  return new BreakfixError({
    code: 'DIAGNOSIS_NO_OBJECT',
    kind: 'user',
    message: `--object ${given} is no kind/name`,
    fix: `--object with the kind too, e.g. service/${given.trim().split(/\s/).at(-1)}`,
  });
}

function unanswered(
  missing: readonly Question[],
  questions: readonly Question[],
  given: Readonly<Record<string, string | undefined>>,
): BreakfixError {
  const lines = missing.flatMap(({ id, ask, choices = [] }) => [
    `  --${id}: ${ask}`,
    ...choices.map((choice, index) => `      ${index + 1}. ${choice}`),
  ]);
  // What was given is given again, so that the line can be typed as it stands.
  const flags = questions.map(({ id, choices }) => {
    const answer = given[id] ?? (choices === undefined ? 'ANSWER' : 'NUMBER');
    return `--${id} ${/\s/.test(answer) ? `'${answer}'` : answer}`;
  });
  return new BreakfixError({
    code: 'DIAGNOSIS_INCOMPLETE',
    kind: 'user',
    message: `answers are missing:\n${lines.join('\n')}`,
    fix: `breakfix diagnose ${flags.join(' ')}`,
  });
}

function nobodyAsked(ids: readonly string[], questions: readonly Question[]): BreakfixError {
  const flags = (names: readonly string[]): string => names.map((id) => `--${id}`).join(', ');
  return new BreakfixError({
    code: 'DIAGNOSIS_NOT_ASKED',
    kind: 'user',
    message: `${flags(ids)} ${ids.length === 1 ? 'is' : 'are'} not asked for here`,
    fix: `give ${flags(questions.map(({ id }) => id))} only`,
  });
}

function sum(answers: readonly DiagnosisAnswer[], what: 'points' | 'most'): number {
  return answers.reduce((total, answer) => total + answer[what], 0);
}
