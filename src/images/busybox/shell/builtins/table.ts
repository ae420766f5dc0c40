import { commandsFor } from './commands.ts';
import { flow } from './flow.ts';
import { jobBuiltins } from './jobs.ts';
import { text } from './text.ts';
import type { Builtin } from './types.ts';
import { variables } from './variables.ts';

/** An error in one of these ends a script, and assignments in front of them stay. */
const SPECIAL: ReadonlySet<string> = new Set(
  '. : break continue eval exec exit export local readonly return set shift source times trap unset'.split(
    ' ',
  ),
);

export function isSpecial(name: string): boolean {
  return SPECIAL.has(name);
}

export const builtins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>(
  Object.entries({
    ...flow,
    ...variables,
    ...text,
    ...jobBuiltins,
    ...commandsFor((name) => builtins.has(name), isSpecial),
  }),
);
