import { findScenario, incidentOf } from '../../engine/incident.ts';
import type { Scenario } from '../../scenario/types.ts';
import type { CommandContext } from '../context.ts';
import { wrap } from '../output.ts';
import { oneParagraph } from '../texts/hand-over.ts';

export interface ListFlags {
  readonly area?: string;
  readonly difficulty?: string;
  /** Shows what learners must not see: ids and documents. */
  readonly author?: boolean;
}

/** `breakfix list`: the catalogue as a learner may see it. */
export async function list(context: CommandContext, flags: ListFlags): Promise<void> {
  const shown = (await context.catalogue()).filter(
    ({ area, difficulty }) =>
      (flags.area === undefined || area === flags.area) &&
      (flags.difficulty === undefined || difficulty === flags.difficulty),
  );
  const rows = shown.map(({ incident, title, difficulty, minutes, id }) => [
    incident,
    title,
    `${minutes} min`,
    difficulty,
    ...(flags.author === true ? [id] : []),
  ]);
  const text = rows.length === 0 ? 'no incident is like that; breakfix list shows all' : columns(rows);
  context.output.result(
    shown.map((scenario) => publicPart(scenario, flags.author === true)),
    text,
  );
}

/** `breakfix show INC`: the ticket and its rules, for the seed 1. */
export async function show(
  context: CommandContext,
  wanted: string,
  flags: { author?: boolean },
): Promise<void> {
  const scenario = findScenario(await context.catalogue(), wanted);
  const { values } = incidentOf(scenario, 1);
  const ticket = oneParagraph(scenario.ticket(values));
  const rules = scenario.rules(values);
  const { width, colors } = context.output;
  const text = [
    colors.bold(`${scenario.incident} · ${scenario.title}`),
    `${scenario.difficulty}, ${scenario.minutes} minutes`,
    '',
    wrap(ticket, width),
    '',
    ...rules.map((rule) => wrap(rule, width - 2, '  ').replace(/^ {2}/, '- ')),
    ...(flags.author === true ? ['', `id ${scenario.id}`, ...scenario.documents.map(documentText)] : []),
  ].join('\n');
  context.output.result({ ...publicPart(scenario, flags.author === true), ticket, rules }, text);
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
