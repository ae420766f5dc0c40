import type { Applet } from './command.ts';
import { cat } from './files/cat.ts';
import { ls } from './files/list.ts';
import { wget } from './network/wget.ts';
import { environmentApplets } from './processes/environment.ts';
import { processApplets } from './processes/processes.ts';
import { simpleApplets } from './processes/simple.ts';
import { sh } from './shell/main.ts';

/** Every name of `/bin`, in order. */
export const applets: ReadonlyMap<string, Applet> = new Map<string, Applet>(
  Object.entries({
    sh,
    ash: sh,
    cat,
    ls,
    wget,
    ...environmentApplets,
    ...processApplets,
    ...simpleApplets,
  }).sort(([a], [b]) => (a < b ? -1 : 1)),
);
