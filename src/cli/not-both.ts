import { BreakfixError } from '../core/errors.ts';

/** Two words of a command line that ask for different things: nothing is done before it is clear which is meant. */
export function notBoth(one: string, other: string): BreakfixError {
  return new BreakfixError({
    code: 'NOT_BOTH',
    kind: 'user',
    message: `"${one}" and "${other}" were given; only one of them is possible`,
    fix: 'leave one of them out',
  });
}
