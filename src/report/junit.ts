import type { ObjectiveResult, PartResult, SafeguardResult } from '../score/score.ts';
import type { LabReport } from './summary.ts';

/** A lab as a JUnit test suite: a test case for each objective and safeguard of the grade that counts. */
export function junit(report: LabReport): string {
  const parts = [
    ...report.objectives.map((part) => testCase(part, report, 'objective', worthOf(part))),
    ...report.safeguards.map((part) => testCase(part, report, 'safeguard', priceOf(part))),
  ];
  const cases = parts.length > 0 ? parts : [ungraded(report)];
  const all = [...report.objectives, ...report.safeguards];
  const seconds = all.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000;
  const counts = attributes({
    tests: cases.length,
    failures: all.filter(({ status }) => status === 'fail').length,
    errors: all.filter(({ status }) => status === 'error').length,
    skipped: parts.length > 0 ? 0 : 1,
    time: seconds.toFixed(3),
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="breakfix" ${counts}>`,
    `  <testsuite ${attributes({ name: `${report.incident} (${report.lab})` })} ${counts}>`,
    '    <properties>',
    ...properties(report),
    '    </properties>',
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function properties(report: LabReport): string[] {
  const { lab, seed, provider, outcome, points, most, hints, resets, diagnosis } = report;
  const values: Record<string, string | number> = {
    lab,
    seed,
    provider,
    outcome,
    points,
    most,
    hints: hints.length,
    resets,
    ...(diagnosis === undefined ? {} : { diagnosis: `${diagnosis.points}/${diagnosis.most}` }),
  };
  return Object.entries(values).map(([name, value]) => `      <property ${attributes({ name, value })}/>`);
}

function testCase(part: PartResult, { incident }: LabReport, kind: string, worth: string): string {
  const { id, title, status, expected, seen, tookMs } = part;
  const head = attributes({
    classname: `${incident}.${kind}`,
    name: `${id}: ${title} (${worth})`,
    time: (tookMs / 1000).toFixed(3),
  });
  if (status === 'pass') return `    <testcase ${head}/>`;
  const tag = status === 'fail' ? 'failure' : 'error';
  const words = escapeXml(`expected: ${expected}\nlast seen: ${seen}`);
  return [
    `    <testcase ${head}>`,
    `      <${tag} ${attributes({ message: seen })}>${words}</${tag}>`,
    '    </testcase>',
  ].join('\n');
}

function ungraded({ incident, outcome }: LabReport): string {
  return [
    `    <testcase ${attributes({ classname: incident, name: 'graded' })}>`,
    `      <skipped ${attributes({ message: `no grade counts: ${outcome}` })}/>`,
    '    </testcase>',
  ].join('\n');
}

const worthOf = ({ points }: ObjectiveResult): string => `${points} points`;
const priceOf = ({ price }: SafeguardResult): string => (price === 'veto' ? 'veto' : `-${price} points`);

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value)).replaceAll(/[\t\n\r]+/g, ' ')}"`)
    .join(' ');
}

/** What XML 1.0 cannot have at all, not even escaped. https://www.w3.org/TR/xml/#charsets */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for an element or an attribute of XML 1.0; characters that XML does not have become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(FORBIDDEN, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
