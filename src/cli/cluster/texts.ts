import type { AloneClock, AloneView } from '../../providers/embedded/alone.ts';

/** What `--json` says of a cluster. */
export function clusterDocument(view: AloneView): Record<string, unknown> {
  const { clock, startedAt, headroom, ...rest } = view;
  return {
    ...rest,
    headroomMs: headroom,
    startedAt: startedAt.toISOString(),
    ...(clock === undefined ? {} : { now: clock.now.toISOString(), behindMs: clock.behind }),
  };
}

/** `2 h behind the wall`; a second is as far as anybody sees. */
export function clockText({ behind }: AloneClock): string {
  if (Math.abs(behind) < 1000) return 'at the wall';
  return `${span(Math.abs(behind))} ${behind > 0 ? 'behind' : 'ahead of'} the wall`;
}

/** `1h50m`, `45s`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const text = parts.map(([amount, unit]) => (amount === 0 ? '' : `${amount}${unit}`)).join('');
  return text === '' ? '0s' : text;
}
