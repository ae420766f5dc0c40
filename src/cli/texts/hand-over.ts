import type { LabFolder } from '../../engine/lab-store.ts';
import type { Incident } from '../../engine/incident.ts';
import { rulesOf } from '../../scenario/rules.ts';
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
    rules: rulesOf(scenario, values),
    minutes: scenario.minutes,
    kubeconfig: lab.folder.file('kubeconfig'),
  };
}

export function handOverText(lab: HandedLab, incident: Incident, output: Output): string {
  const { scenario, values } = incident;
  const { width, colors } = output;
  const kubeconfig = lab.folder.file('kubeconfig');
  return [
    '',
    colors.bold(`${scenario.incident} · ${scenario.title}`),
    '',
    wrap(oneParagraph(scenario.ticket(values)), width),
    '',
    ...rulesText(incident, output),
    '',
    colors.bold('Get to work'),
    `  export KUBECONFIG=${kubeconfig}`,
    `  fish: set -x KUBECONFIG ${kubeconfig}`,
    `  PowerShell: $env:KUBECONFIG='${kubeconfig}'`,
    `  kubectl -n shop get pods`,
    '',
    `The clock runs: ${scenario.minutes} minutes is a good time. npx breakfix hint · grade · stop`,
    '',
  ].join('\n');
}

/** Those of the incident, and then those of the house, each as an item of a list. */
export function rulesText({ scenario, values }: Incident, { width, colors }: Output): string[] {
  const items = (rules: readonly string[]): string[] =>
    rules.map((rule) => wrap(rule, width - 2, '  ').replace(/^ {2}/, '- '));
  const house = scenario.houseRules?.(values) ?? [];
  return [
    colors.bold('Rules'),
    ...items(scenario.rules(values)),
    ...(house.length === 0 ? [] : ['', colors.bold('House rules'), ...items(house)]),
  ];
}

export function oneParagraph(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
