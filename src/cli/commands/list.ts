import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../../core/errors.ts';
import { findScenario, inArea, incidentOf } from '../../engine/incident.ts';
import { DIFFICULTIES } from '../../scenario/define.ts';
import { rulesOf } from '../../scenario/rules.ts';
import type { Scenario } from '../../scenario/types.ts';
import type { CommandContext } from '../context.ts';
import { wrap } from '../output.ts';
import { oneParagraph, rulesText } from '../texts/hand-over.ts';

export interface ListFlags {
  readonly area?: string;
  readonly difficulty?: string;
  /** Shows what learners must not see: ids and documents. */
  readonly author?: boolean;
}

/** `breakfix list`: the catalogue as a learner may see it. */
export async function list(context: CommandContext, flags: ListFlags): Promise<void> {
  const { area, difficulty, author = false } = flags;
  mustBeDifficulty(difficulty);
  const shown = inArea(await context.catalogue(), area).filter(
    (scenario) => difficulty === undefined || scenario.difficulty === difficulty,
  );
  const table = columns(
    shown.map((scenario) => [
      scenario.incident,
      scenario.title,
      `${scenario.minutes} min`,
      scenario.difficulty,
    ]),
  );
  const lines = table.split('\n').flatMap((row, index) => {
    const id = shown[index]?.id;
    return author && id !== undefined ? [row, `          ${id}`] : [row];
  });
  const text = shown.length === 0 ? 'no incident matches; breakfix list shows all' : lines.join('\n');
  context.output.result(
    shown.map((scenario) => publicPart(scenario, author)),
    text,
  );
}

function mustBeDifficulty(given: string | undefined): void {
  if (given === undefined || DIFFICULTIES.some((known) => known === given)) return;
  throw new BreakfixError({
    code: 'DIFFICULTY_UNKNOWN',
    kind: 'user',
    message: `there is no difficulty "${given}"; there are ${DIFFICULTIES.join(', ')}`,
    fix: `--difficulty ${closest(given, [...DIFFICULTIES])}`,
  });
}

/** `breakfix show INC`: the ticket and its rules: those of the newest lab of it, as it was handed over, or else of seed 1. */
export async function show(
  context: CommandContext,
  wanted: string,
  flags: { author?: boolean },
): Promise<void> {
  const scenario = findScenario(await context.catalogue(), wanted);
  const lab = context.store
    .list()
    .findLast(({ record }) => record.incident === scenario.incident && record.scenarioFile === undefined);
  const incident = incidentOf(scenario, lab?.record.seed ?? 1);
  const { values } = incident;
  const ticket = oneParagraph(scenario.ticket(values));
  const { width, colors } = context.output;
  const text = [
    colors.bold(`${scenario.incident} · ${scenario.title}`),
    `${scenario.difficulty}, ${scenario.minutes} minutes`,
    lab === undefined
      ? 'Names differ from lab to lab; these are the names of seed 1.'
      : `As in your lab ${lab.name}.`,
    '',
    wrap(ticket, width),
    '',
    ...rulesText(incident, context.output),
    ...(flags.author === true ? ['', `id ${scenario.id}`, ...scenario.documents.map(documentText)] : []),
  ].join('\n');
  const own = lab === undefined ? {} : { lab: lab.name };
  const rules = rulesOf(scenario, values);
  context.output.result({ ...publicPart(scenario, flags.author === true), ...own, ticket, rules }, text);
}

function publicPart(scenario: Scenario, author: boolean): Record<string, unknown> {
  const { incident, title, difficulty, minutes, id, area, documents } = scenario;
  return { incident, title, difficulty, minutes, ...(author ? { id, area, documents } : {}) };
}

function documentText(document: Scenario['documents'][number]): string {
  return 'url' in document ? document.url : `${document.seed}: ${document.question}`;
}

/** Left-aligned columns, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
