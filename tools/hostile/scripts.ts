/**
 * What the shell of a pod can do so that the lab suffers: loops, prints, forks and allocates without end. The unit tests
 * run all of them for a moment; `npm run hostile` measures the longest step of each.
 */
export const ENDLESS: readonly string[] = [
  // Loops and input without end.
  'while :; do :; done',
  'echo x | sed ":a;ba"',
  'echo x | sed ":a;s/x/xx/;ta"',
  'cat /dev/zero | wc -c',
  'dd if=/dev/zero bs=1M | md5sum',
  'head -c 100000000000 /dev/zero | tail -c 5',
  'cmp /dev/zero /dev/zero',
  'od /dev/zero',
  'base64 /dev/zero > /dev/null',
  'hexdump /dev/urandom | wc -l',
  "tr '\\000-\\377' a < /dev/zero > /dev/null",
  'cat -v /dev/urandom > /dev/null',
  'head -n 99999999999 /dev/urandom > /dev/null',
  "yes | sed 's/y/zzzz/g' > /dev/null",
  'yes | grep -c x',
  'yes | while read -n 1 a; do :; done',
  'awk \'BEGIN { while (("yes" | getline x) > 0) n++ }\'',
  'while :; do cat <<E > /dev/null\n$RANDOM\nE\ndone',
  // Lists and texts that grow.
  'while :; do set -- "$@" x x x x; done',
  'x=$(yes a | head -c 100000); while :; do : ${x##*b}; done',
  'mkdir d; cd d; seq 1 3000 | xargs touch; while :; do echo * > /dev/null; done',
  'i=0; while :; do i=$((i+1)); eval "f$i() { echo $i; echo $i; }"; done',
  // Processes.
  'f() { f | f & }; f; while :; do :; done',
  'f() { f & f & }; f; while :; do f; done',
  'while :; do echo x > p & done',
  'while :; do true & wait; done',
  'yes | sleep 1000000',
  'trap "kill -USR1 $$" USR1; kill -USR1 $$; while :; do :; done',
  'while :; do kill -USR1 $$; done & trap : USR1; while :; do :; done',
  // Files.
  'tee a b c < /dev/zero > /dev/null',
  'seq 1 100000000000 > /tmp/x; sleep 1000000',
  'mkdir -p x/y; while :; do mv x z; mv z x; done',
  'while :; do cat /proc/*/cmdline /sys/fs/cgroup/cpu.stat > /dev/null; done',
  'while :; do ls -laR / > /dev/null; done',
  // The network.
  'nc -l -p 80 -e yes & while :; do nc 127.0.0.1 80 > /dev/null & sleep 0.1; done',
  'i=1; while :; do nc -w 1 127.0.0.1 $i < /dev/null; i=$((i+1)); done',
  'ping -i 0 127.0.0.1',
];

/** What comes to an end: by what, as a part of what it prints. */
export const ENDING: readonly (readonly [script: string, words: string])[] = [
  ["awk 'BEGIN { NF = 2000000000; print NF }'", 'awk: out of memory'],
  ['awk \'BEGIN { x = "a"; while (1) x = x x }\'', 'awk: out of memory'],
  ["awk 'BEGIN { while (1) a[i++] = i }'", 'awk: out of memory'],
  ["awk 'function f(n) { return f(n+1) } BEGIN { f(1) }'", 'awk: out of memory'],
  ['awk \'BEGIN { printf "%2000000000d", 1 }\'', 'awk: out of memory'],
  ["printf '%1000000000d' 1", 'sh: printf: line 0: out of memory'],
  ["printf '%*d' 2000000000 1", 'sh: printf: line 0: out of memory'],
  ["echo x | sed ':a;G;h;ba'", 'sed: out of memory'],
  ["echo x | sed ':a;a x\nba'", 'sed: out of memory'],
  ["printf 'a\\n' | nl -w 1000000000", 'nl: out of memory'],
  ['uniq < /dev/zero', 'uniq: out of memory'],
  ['sort < /dev/zero', 'sort: out of memory'],
  ['grep x /dev/zero', 'grep: out of memory'],
  ['x=aaaaaaaa; while :; do x=${x//a/aa}; done', 'out of memory'],
  ['x=aaaaaaaa; while :; do x=$x$x; done', 'out of memory'],
  ['echo /*/../*/../*/../*/../*/../*/../*/../*', 'out of memory'],
  ['eval ": $(printf \'`a`%.0s\' $(seq 1 6000))"', 'out of memory'],
  ['eval "$(printf \'(%.0s\' $(seq 1 3000))"', 'nested too deeply'],
  ['f() { f; }; f', 'Segmentation fault'],
  ['f() { x=$(f); }; f', "can't fork: Resource temporarily unavailable"],
  ['mkdir a; cd a; while mkdir a; do cd a; done', "mkdir: can't create directory 'a': File name too long"],
  ['export A=x; while [ ${#A} -lt 300000 ]; do A=$A$A; done; env', 'sh: env: Argument list too long'],
  ['ls $(seq 1 400000)', 'sh: ls: Argument list too long'],
  ["echo $(yes a | head -c 60 | tr -d '\\n') | grep -E '(a*)*\\1b'", 'grep: out of memory'],
  ['date -d @99999999999999999', "date: invalid date '@99999999999999999'"],
  ['ping -s 2000000000 127.0.0.1', 'ping: number 2000000000 is not in 0..65535 range'],
  ['ping -s 65508 127.0.0.1', 'ping: sendto: Message too long'],
];
