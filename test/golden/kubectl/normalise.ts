import type { Ended } from '../../helpers/processes.ts';
import type { GoldenCommand } from './commands.ts';

type Rule = readonly [pattern: RegExp, instead: string | ((found: string) => string)];

/** What differs from cluster to cluster and from run to run. */
const CHANCE: readonly Rule[] = [
  // Names of nodes: kind calls them after the cluster.
  [/\b[\w-]+-(control-plane|worker)\d*\b/g, '<node>'],
  // Points in time, as in objects, as `describe` prints them, and as `describe netpol` does.
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  // The image in a status: an id, or the name under which the node got it first (kind brings a busybox of its own).
  // docs/fidelity.md: images loaded before the start.
  [/(?<=image(: |ID: | ID: +))(\S+@)?sha256:[0-9a-f]{64}$/gim, '<image>'],
  [/docker\.io\/(kindest\/local-path-helper:\S+|library\/busybox:1\.37)$/gm, '<busybox>'],
  // Ids of containers.
  [/\b[0-9a-f]{64}\b/g, '<id>'],
  // Generated names and hashes of templates.
  [
    /\b(web|nobody|once|kube-api-access)(-[bcdf-hj-np-tv-z2456789]{8,10})?-[bcdf-hj-np-tv-z2456789]{5}\b/g,
    '$1-<id>',
  ],
  [/\b(web)-[bcdf-hj-np-tv-z2456789]{8,10}\b/g, '$1-<hash>'],
  [/(pod-template-hash[=:] ?)[bcdf-hj-np-tv-z2456789]{8,10}\b/g, '$1<hash>'],
  [/\b(10\.(96|244)|172\.\d+)\.\d+\.\d+\b/g, '<ip>'],
  [/(resourceVersion: )"\d+"/g, '$1<version>'],
  // Ages and durations, with or without a count; amounts of cpu and seconds to tolerate look the same and stay.
  [/(?<=^|[ (])(?<!cpu:? +(- +)*|for )(\d+[smhd])+(?=[\s)]|$)/gm, '<age>'],
  [/<age>( +\(x\d+ over <age>\))/g, '<age>'],
  // `status.resources` of the pod that has ended: the kubelet reads it from a cgroup that may be gone by then.
  [/^ {2}resources:\n( {4}.*\n)+(?= {2}startTime:)/gm, ''],
];

/** How wide a column is depends on what is hidden by now; nothing hangs on blanks at the end. */
const BLANKS: readonly Rule[] = [
  [/ {2,}(?=\S)(?<=\S +)/g, '  '],
  [/[ \t]+$/gm, ''],
];

/** Lines that kubectl prints in the order of a Go map, which is chance. */
const ORDER: readonly Rule[] = [
  // describe secret
  [/(^\S+: {2}\d+ bytes\n){2,}/gm, sorted],
  // describe limits, describe ns
  [/(^ *Container {2}(cpu|memory) .*\n){2,}/gm, sorted],
  // describe cm: a key, a line, and a text of several lines
  [/(?<=^Data\n====\n)[^]*?(?=\nBinaryData\n)/gm, (data) => sortedBy(/(?=^\S+:\n----\n)/m, data)],
];

/** Descriptions of fields, which the embedded cluster's OpenAPI does not have: docs/fidelity.md. */
const PROSE: readonly Rule[] = [
  // Names of fields are followed by a tab.
  [/^ {4}(?! *enum: )[^\t\n]*\n/gm, ''],
  [/\n{2,}/g, '\n'],
];

function sorted(lines: string): string {
  return sortedBy(/(?<=\n)/, lines);
}

/** The pieces of a text in order. */
function sortedBy(between: RegExp, text: string): string {
  return text.split(between).sort().join('');
}

/** What a command printed and how it ended, without what no two clusters have in common. */
export function normalised({ args }: GoldenCommand, { code, stdout, stderr }: Ended): string {
  const rules = [...CHANCE, ...BLANKS, ...ORDER, ...(args.startsWith('explain ') ? PROSE : [])];
  return rules.reduce(
    (text, [pattern, instead]) =>
      typeof instead === 'string' ? text.replaceAll(pattern, instead) : text.replaceAll(pattern, instead),
    `exit code ${code}\n--- stdout\n${stdout}--- stderr\n${stderr}`,
  );
}
