import { reasons } from './reasons.ts';
import type { Result, Results } from './results.ts';

/** docs/conformance.md: totals by SIG, and every test that does not pass with its class and the reason. */
export function conformancePage(names: readonly string[], results: Results): string {
  const passed = names.filter((name) => results.get(name)?.status === 'passed');
  return `# Conformance

The official conformance tests of Kubernetes 1.36 (\`e2e.test\`, ${names.length} tests), run against embedded clusters of one
control plane and two workers by \`npm run conformance -- --suite PATH\`. The embedded cluster is no conformant Kubernetes and does not want
to be one: the suite is a measure of how far its answers are those of a real one. Results are kept from run to run: a test that
was not run again counts as it ended last, with the code of that day.

**${passed.length} of ${names.length} pass.**

| SIG | tests | pass |
| --- | ---: | ---: |
${totals(names, results)}

## What does not pass

| test | class | reason |
| --- | --- | --- |
${failures(names, results)}
`;
}

function totals(names: readonly string[], results: Results): string {
  const sigs = [...new Set(names.map(sigOf))].sort();
  return sigs
    .map((sig) => {
      const own = names.filter((name) => sigOf(name) === sig);
      const passed = own.filter((name) => results.get(name)?.status === 'passed');
      return `| ${sig} | ${own.length} | ${passed.length} |`;
    })
    .join('\n');
}

function failures(names: readonly string[], results: Results): string {
  return names
    .filter((name) => results.get(name)?.status !== 'passed')
    .map((name) => {
      const why = reasonOf(name, results.get(name));
      return `| ${cell(name.replace(/ \[Conformance\].*$/, ''))} | ${why.class} | ${cell(why.reason)} |`;
    })
    .join('\n');
}

function reasonOf(name: string, result: Result | undefined): { class: string; reason: string } {
  const known = reasons.find(({ tests }) => tests.test(name));
  if (known !== undefined) return known;
  if (result === undefined) return { class: 'not run', reason: 'not run' };
  return { class: 'differs', reason: firstWords(result.message ?? '') };
}

/** The first line of what the suite says, without what is another one in every run. */
function firstWords(message: string): string {
  const [line = ''] = message.split('\n').filter((text) => text.trim() !== '');
  return line.length > 200 ? `${line.slice(0, 200)} …` : line;
}

function sigOf(name: string): string {
  return /^\[(sig-[a-z-]+)\]/.exec(name)?.[1] ?? 'other';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
