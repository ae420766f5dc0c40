import type { Result, Results } from './results.ts';

const CASE = /<testcase name="([^"]*)"([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/** The tests of a JUnit report of the suite that were run; setting up and clearing away are no tests. */
export function readJunit(xml: string): Results {
  const results: Results = new Map();
  for (const [, name = '', attributes = '', body = ''] of xml.matchAll(CASE)) {
    const test = unescaped(name);
    const status = /status="(\w+)"/.exec(attributes)?.[1];
    if (!test.startsWith('[It] ') || status === undefined || status === 'skipped') continue;
    results.set(test.slice('[It] '.length).replace(LABELS, ''), resultOf(status, attributes, body));
  }
  return results;
}

/** The suite leaves the attribute empty in its simplified reports. */
const FAILURE = /<(?:failure|error) message="([^"]*)"[^>]*>([^<]*)/;

/** The labels that the reporter puts after a name. */
const LABELS = / \[(?!Conformance\])[A-Za-z-]+(?:, [A-Za-z-]+)+\]$/;

function resultOf(status: string, attributes: string, body: string): Result {
  const seconds = Math.round(Number(/time="([\d.]+)"/.exec(attributes)?.[1] ?? 0));
  if (status === 'passed') return { status, seconds };
  const [, attribute = '', text = ''] = FAILURE.exec(body) ?? [];
  const words = unescaped(attribute === '' ? text : attribute).replace(/^\[\w+\] /, '');
  const message = words.trim() === '' ? status : words;
  return { status: 'failed', seconds, message: message.slice(0, 2000) };
}

/** One JUnit report of all tests, with those that were not run as skipped. */
export function mergedJunit(names: readonly string[], results: Results): string {
  const cases = names.map((name) => {
    const result = results.get(name);
    const head = `    <testcase name="${escaped(name)}" classname="Kubernetes conformance" time="${result?.seconds ?? 0}"`;
    if (result === undefined) return `${head}><skipped/></testcase>`;
    if (result.status === 'passed') return `${head}/>`;
    return `${head}><failure message="${escaped(result.message ?? '')}"/></testcase>`;
  });
  const failures = names.filter((name) => results.get(name)?.status === 'failed').length;
  const skipped = names.filter((name) => !results.has(name)).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="Kubernetes conformance" tests="${names.length}" failures="${failures}" skipped="${skipped}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([0-9A-Fa-f]+)|#(\d+)|(\w+));/g,
    (all, hex?: string, digits?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (digits !== undefined) return String.fromCodePoint(Number(digits));
      return ENTITIES[name ?? ''] ?? all;
    },
  );
}

function escaped(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/[^\P{Cc}\n\t]/gu, '\u{FFFD}')
    .replace(/\n/g, '&#xA;');
}
