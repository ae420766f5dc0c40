import type { Applet } from './command.ts';
import { sh } from './shell/main.ts';

/** Every name of `/bin`, in order. */
export const applets: ReadonlyMap<string, Applet> = new Map<string, Applet>(
  Object.entries({ sh, ash: sh }).sort(([a], [b]) => (a < b ? -1 : 1)),
);
