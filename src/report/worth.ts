import type { ObjectiveResult, SafeguardResult } from '../score/score.ts';

/** What an objective has earned of what it is worth: `30/50`. */
export const earned = ({ status, points }: ObjectiveResult): string =>
  `${status === 'pass' ? points : 0}/${points}`;

/** That a safeguard was kept, or what it costs that it was not. */
export function keptOrPrice({ status, price }: SafeguardResult): string {
  if (status === 'pass') return 'kept';
  return price === 'veto' ? 'veto' : `-${price}`;
}
