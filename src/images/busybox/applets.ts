import type { Applet } from './command.ts';
import { byteApplets } from './files/bytes.ts';
import { cat } from './files/cat.ts';
import { describeApplets } from './files/describe.ts';
import { find } from './files/find.ts';
import { ls } from './files/list.ts';
import { manageApplets } from './files/manage.ts';
import { tar } from './files/tar.ts';
import { less } from './less/less.ts';
import { httpd } from './network/httpd.ts';
import { interfaceApplets } from './network/interfaces.ts';
import { nc, telnet } from './network/nc.ts';
import { nslookup } from './network/nslookup.ts';
import { ping } from './network/ping.ts';
import { wget } from './network/wget.ts';
import { controlApplets } from './processes/control.ts';
import { date } from './processes/date.ts';
import { environmentApplets } from './processes/environment.ts';
import { processApplets } from './processes/processes.ts';
import { simpleApplets } from './processes/simple.ts';
import { topApplets } from './processes/top.ts';
import { sh } from './shell/main.ts';
import { awk } from './text/awk/awk.ts';
import { columnApplets } from './text/columns.ts';
import { diff } from './text/diff.ts';
import { digestApplets } from './text/digest.ts';
import { grep, grepAs } from './text/grep.ts';
import { headTailApplets } from './text/head-tail.ts';
import { sed } from './text/sed/sed.ts';
import { sortApplets } from './text/sort.ts';
import { more } from './text/more.ts';
import { xargs } from './text/xargs.ts';
import { vi } from './vi/vi.ts';

const all: Readonly<Record<string, Applet>> = {
  ...byteApplets,
  ...columnApplets,
  ...controlApplets,
  ...describeApplets,
  ...digestApplets,
  ...environmentApplets,
  ...headTailApplets,
  ...interfaceApplets,
  ...manageApplets,
  ...processApplets,
  ...simpleApplets,
  ...sortApplets,
  ...topApplets,
  ash: sh,
  awk,
  cat,
  date,
  diff,
  egrep: grepAs('E'),
  fgrep: grepAs('F'),
  find,
  grep,
  httpd,
  less,
  ls,
  more,
  nc,
  nslookup,
  ping,
  sed,
  sh,
  tar,
  telnet,
  vi,
  wget,
  xargs,
};

/** Every name of `/bin`, in order. */
export const applets: ReadonlyMap<string, Applet> = new Map(
  Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)),
);
