import { type Comparison, type Score, share, sum } from './compare.ts';

/** How much is the same at least, as parts of 1. */
export interface Floor {
  /** Of the cases, those of which every line is the same. */
  readonly equalCases: number;
  /** Of all lines. */
  readonly lines: number;
}

/** How much is the same. @returns parts of 1 */
export function totalsOf(compared: ReadonlyMap<string, Comparison>): Floor {
  const all = [...compared.values()];
  const equal = all.filter((one) => one.all.equal === one.all.lines).length;
  return {
    equalCases: all.length === 0 ? 1 : equal / all.length,
    lines: share(sum(all.map((one) => one.all))),
  };
}

/** The table of cases, the worst first, and what comes of all. */
export function tableOf(compared: ReadonlyMap<string, Comparison>): string {
  const rows = [...compared].sort(
    ([a, one], [b, other]) => share(one.all) - share(other.all) || (a < b ? -1 : 1),
  );
  const equal = rows.filter(([, { all }]) => all.equal === all.lines).length;
  const low = rows.filter(([, { own }]) => share(own) < 0.9).length;
  const width = Math.max(4, ...rows.map(([id]) => id.length));
  const { equalCases, lines } = totalsOf(compared);
  const total = sum(rows.map(([, { all }]) => all));
  return [
    `${'case'.padEnd(width)}  lines            own lines`,
    ...rows.map(([id, { all, own }]) => `${id.padEnd(width)}  ${shown(all)}  ${shown(own)}`),
    '',
    `${rows.length} cases, ${equal} with every line the same (${percent(equalCases)}); ` +
      `${total.equal} of ${total.lines} lines the same (${percent(lines)}); ` +
      `${low} below 90 % of what their control does not print`,
  ].join('\n');
}

function shown(score: Score): string {
  return `${`${score.equal}/${score.lines}`.padStart(9)} ${percent(share(score)).padStart(6)}`;
}

/** Never 100 % where something is missing. */
function percent(part: number): string {
  return `${(Math.floor(part * 1000) / 10).toFixed(1)}%`;
}

/** What differs, with the lines around it; empty where nothing does. */
export function diffOf(id: string, { passages }: Comparison): string {
  const parts = passages.flatMap(({ command, aligned }) => {
    const differs = aligned.map(({ kind }) => kind === 'missing' || kind === 'extra');
    const near = (index: number): boolean => differs.slice(Math.max(0, index - 2), index + 3).includes(true);
    const marks = { same: ' ', chance: '~', missing: '-', extra: '+' };
    const lines = aligned.flatMap(({ kind, line }, index) =>
      near(index) ? [`  ${marks[kind]} ${line}`] : [],
    );
    return lines.length === 0 ? [] : [`  $ ${command.trimEnd()}`, ...lines];
  });
  return parts.length === 0 ? '' : [`${id}  (- kind, + embedded)`, ...parts, ''].join('\n');
}
