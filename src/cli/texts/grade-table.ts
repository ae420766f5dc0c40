import type { GradeEntry } from '../../report/journal.ts';
import { earned, keptOrPrice } from '../../report/worth.ts';
import type { PartResult } from '../../score/score.ts';
import { type Output, shortTime, wrap } from '../output.ts';

/** The table of a grade: every part with what it earned; of those that do not hold, what was expected and seen. */
export function gradeText(grade: GradeEntry, output: Output): string {
  const { colors, width } = output;
  const lines = [headline(grade, output), ''];
  for (const objective of grade.objectives) {
    lines.push(row(objective, earned(objective), output));
    lines.push(...details(objective, output));
  }
  for (const safeguard of grade.safeguards) {
    lines.push(row(safeguard, keptOrPrice(safeguard), output));
    lines.push(...details(safeguard, output));
  }
  lines.push('');
  if (grade.hintPrice > 0) lines.push(`Hints cost ${grade.hintPrice} points.`);
  const time = shortTime(grade.tookMs);
  const watched = grade.onCopy
    ? `Watched a copy of your cluster for ${time}; the cluster itself was not touched.`
    : `Watched your cluster for ${time}.`;
  lines.push(colors.dim(wrap(watched, width)));
  return lines.join('\n');
}

function headline({ verdict, points, most, objectives, safeguards }: GradeEntry, { colors }: Output): string {
  const parts = [...objectives, ...safeguards];
  const held = parts.filter(({ status }) => status === 'pass').length;
  const counts = `${held} of ${parts.length} checks hold`;
  switch (verdict) {
    case 'pass':
      return `${colors.bold(colors.green('PASS'))}  ${points}/${most}   ${counts}`;
    case 'fail':
      return `${colors.bold(colors.red('FAIL'))}  ${points}/${most}   ${counts}`;
    case 'error':
      return `${colors.bold(colors.yellow('ERROR'))}  the lab could not be judged; nothing counts`;
  }
}

function row({ status, title }: PartResult, right: string, { colors, width }: Output): string {
  const mark = { pass: colors.green('✓'), fail: colors.red('✗'), error: colors.yellow('!') }[status];
  const room = width - 4 - right.length;
  const cut = title.length > room ? `${title.slice(0, room - 1)}…` : title;
  return `${mark} ${cut.padEnd(room)}  ${right}`;
}

function details({ status, expected, seen, tookMs }: PartResult, { colors, width }: Output): string[] {
  if (status === 'pass') return [];
  const line = (label: string, text: string): string =>
    colors.dim(wrap(`${label} ${text}`, width - 4, '    '));
  // Where one look says it all there is no time to tell.
  const time = tookMs < 100 ? '' : ` (watched for ${shortTime(tookMs)})`;
  return [line('expected:', expected), line('last seen:', `${seen}${time}`)];
}
