import type { LabFolder } from '../../engine/lab-store.ts';
import type { Incident } from '../../engine/incident.ts';
import { type Output, wrap } from '../output.ts';

export interface HandedLab {
  readonly name: string;
  readonly folder: LabFolder;
}

/** The ticket, the rules and how to get to work, as `start --json` and `status --json` give them. */
export function handOverDocument(
  lab: HandedLab,
  { scenario, seed, values }: Incident,
): Record<string, unknown> {
  return {
    lab: lab.name,
    incident: scenario.incident,
    title: scenario.title,
    seed,
    ticket: oneParagraph(scenario.ticket(values)),
    rules: scenario.rules(values),
    minutes: scenario.minutes,
    kubeconfig: lab.folder.file('kubeconfig'),
  };
}

export function handOverText(
  lab: HandedLab,
  { scenario, values }: Incident,
  { width, colors }: Output,
): string {
  const kubeconfig = lab.folder.file('kubeconfig');
  const rules = scenario.rules(values).map((rule) => wrap(rule, width - 2, '  ').replace(/^ {2}/, '- '));
  return [
    '',
    colors.bold(`${scenario.incident} · ${scenario.title}`),
    '',
    wrap(oneParagraph(scenario.ticket(values)), width),
    '',
    colors.bold('Rules'),
    ...rules,
    '',
    colors.bold('Get to work'),
    `  export KUBECONFIG=${kubeconfig}`,
    `  fish: set -x KUBECONFIG ${kubeconfig}`,
    `  PowerShell: $env:KUBECONFIG='${kubeconfig}'`,
    `  kubectl -n shop get pods`,
    '',
    `The clock runs: ${scenario.minutes} minutes are a good time. npx breakfix hint · grade · stop`,
    '',
  ].join('\n');
}

export function oneParagraph(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
