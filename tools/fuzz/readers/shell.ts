import fc from 'fast-check';
import { ProcessKilled } from '../../../src/cluster/runtime/process.ts';
import type { Program } from '../../../src/cluster/runtime/types.ts';
import { busyboxImage } from '../../../src/images/busybox/image.ts';
import { parseScript } from '../../../src/images/busybox/shell/parse.ts';
import { ShellSyntaxError } from '../../../src/images/busybox/shell/syntax-error.ts';
import { Lab } from '../../../test/unit/cluster/runtime/lab.ts';
import { texts } from '../inputs.ts';
import { reader, unlessRefused } from '../reader.ts';

const SCRIPTS = [
  'for i in 1 2 3; do echo $i; done | while read x; do echo "<$x>"; done',
  'f() { local a=$1; [ "$a" -gt 0 ] && f $((a - 1)) || return 3; }; f 3; echo $?',
  'x=abc.def; echo ${x%%.*} ${x#*.} ${#x} ${x/b/c} ${x:1:2} ${y:-z} ${y:=w} ${y:+v}',
  'cat <<EOF | tr a-z A-Z\nhello $((1 + 2 * 3)) $(echo sub) `echo back`\nEOF',
  'case $1 in a*|b) echo yes;; *) echo no;; esac',
  'trap "echo bye" EXIT; set -eu; (exit 3) || echo failed; ! false && true',
  'if test -f /etc/passwd; then grep -c root /etc/passwd; elif [ 1 = 2 ]; then :; else echo n; fi 2>&1 >/dev/null',
  'echo $((0x1f << 2, a = 5, a++ ? a : -a)) $((08)) $((1/0))',
  'printf "%5d|%-8s|%x\\n" 42 text 255; echo -e "a\\tb\\0101"',
  'until false; do break; done; while :; do continue 2; break; done; sleep 0.1 & wait $!; kill -0 $$',
  'eval "echo \\$HOME"; set -- a b c; shift; echo "$@" $# $*; IFS=,; set -- $x; unset x; export A=1; readonly B=2; B=3',
  'a=x; while [ ${#a} -lt 100 ]; do a=$a$a; done; echo ${#a}',
  'read -r a b <<EOF\none two\nEOF\necho $b; getopts ab: o -a; alias l=ls; type l; umask 077; ulimit -a',
];
const WORDS = [
  '$(',
  '`',
  '"',
  "'",
  '${',
  '}',
  '$((',
  '))',
  '|',
  '||',
  '&&',
  '&',
  ';',
  ';;',
  '\n',
  '<<EOF',
  '<',
  '>',
  '>>',
  '2>&1',
  '(',
  ')',
  '{ ',
  '; }',
  ' ',
  'if ',
  'then ',
  'fi ',
  'do ',
  'done ',
  'case ',
  'esac ',
  'in ',
  'while :; ',
  'f() ',
  '!',
  '#',
  '\\',
  '*',
  '[',
  ']',
  '~',
  '$@',
  '$#',
  '$$',
  '%',
  'exec ',
  'eval ',
  'set -',
  'trap ',
  'a=',
  '=',
  '-',
  '0',
  '9999999999',
  'exit ',
  'echo ',
];

export const shellScripts = reader<string>({
  name: 'shell-scripts',
  reads: 'shell scripts, parsed only',
  inputs: texts({ corpus: SCRIPTS, words: WORDS }),
  tested: 150,
  open: () => (text) => unlessRefused(() => parseScript(text), ShellSyntaxError),
});

const FILE = 'one two three\nalpha=1;beta=2\n\n  indented (text) [x]\nlast line 42\n';

/** Programs with arguments that are languages of their own. */
const COMMANDS = [
  `awk -F= '{ n[$1] += $2 } END { for (k in n) printf "%s %d\\n", k, n[k]; print length("a"), substr("hello", 2, 3) }' /tmp/f`,
  `awk 'BEGIN { while (i < 3) { i++; if (i == 2) continue; print i ^ 2, i % 2 ? "odd" : "even" }; gsub(/a+/, "<&>", s); print match("foobar", /o+/), RSTART; split("a:b", x, ":"); print toupper(x[2]) > "/tmp/o" }'`,
  `awk 'function f(n) { return n <= 1 ? 1 : n * f(n - 1) } /two/,/last/ { $2 = "x"; print NR ": " $0, f(5) | "cat" } END { getline l < "/tmp/f"; print l; printf("%c%5.2f%s", 65, 3.14159, "\\n") }' /tmp/f`,
  `sed -n '/one/,/last/{s/\\([a-z]*\\) \\(two\\)/\\2 \\1/gp;y/abc/xyz/;=;l}' /tmp/f`,
  `sed -e ':a;N;$!ba;s/\\n/,/g' -e '1!G;h;$!d' /tmp/f`,
  `sed -E '2i\\\ntext\n3c changed\n$a end\n/x/!d;s/(a|b)+/[&]/2I;t end;b;:end;w /tmp/o' /tmp/f`,
  `grep -nE '^(one|two)|[0-9]+$' /tmp/f; grep -vic 'a.*b\\{1,2\\}' /tmp/f; grep -o '[[:alpha:]]*' /tmp/f; grep -A1 -B1 -w two /tmp/f`,
  `find /etc /tmp -name '*.conf' -o -type f -size -10k -newer /etc/passwd -exec echo {} \\; -prune`,
  `printf '%s %5d %-5s| %05.2f %e %g %c %b %o %X %%\\n' a 1 b 2.5 3 4 x '\\n\\x41' 8 255`,
  `date -d '2026-11-22 09:00:00' '+%Y-%m-%d %H:%M:%S %j %s'; date -d @1700000000 -u`,
  `expr 1 + 2 \\* 3; expr abc : 'a\\(.\\)'; expr length hello; expr substr hello 2 3; expr index abc c`,
  `test 1 -lt 2 -a ! -z "" -o \\( a = b \\); [ -n x ] && [[ abc == a* && 5 -gt 3 ]]`,
  `sort -k2,2n -t= -ru /tmp/f; sort -V /tmp/f; uniq -c /tmp/f; cut -d= -f1,3- /tmp/f; cut -c2-4 /tmp/f`,
  `tr -d '[:space:]' < /tmp/f; tr -s 'a-m' 'n-z' < /tmp/f; tr -c '\\n' x < /tmp/f; head -n -2 /tmp/f; tail -c +3 /tmp/f`,
  `tar cf /tmp/a.tar -C /tmp f; tar tvf /tmp/a.tar; tar xf /tmp/a.tar -O; dd if=/tmp/f bs=1 count=3 skip=2`,
  `od -An -tx1 /tmp/f; hexdump -C /tmp/f; xxd /tmp/f | xxd -r; base64 /tmp/f | base64 -d; md5sum /tmp/f; cksum /tmp/f; fold -w 5 /tmp/f`,
  `seq 1 3 10; seq -w 5; xargs -n2 echo < /tmp/f; yes | head -n 2; wc -lwc /tmp/f; nl /tmp/f; rev /tmp/f; tac /tmp/f; paste /tmp/f /tmp/f; diff /tmp/f /etc/passwd`,
  `ls -la /tmp; stat -c '%n %s %a' /tmp/f; chmod u+x,g-w /tmp/f; ln -s f /tmp/g; readlink -f /tmp/g; mktemp -p /tmp xXXXXXX; touch -d 2026-01-01 /tmp/t; df -h; du -s /tmp`,
  `ps; top -bn1; env -i A=1 env; timeout 1 sleep 5; nice -n 5 true; id; hostname; uname -a; free; uptime; which ls; basename /a/b.c .c; dirname /a/b`,
];
const COMMAND_WORDS = [
  ...WORDS,
  'awk ',
  'sed ',
  'grep ',
  'find ',
  'printf ',
  'expr ',
  'sort ',
  'tr ',
  'tar ',
  'date ',
  'cut ',
  ' -n ',
  ' -E ',
  ' -i ',
  ' -f ',
  '/',
  '.*',
  '\\(',
  '\\)',
  '\\1',
  '\\{',
  '{1,3}',
  '[[:alpha:]]',
  '[^]',
  '^',
  '+',
  '?',
  '%s',
  '%d',
  '%*d',
  '%9999999s',
  's/',
  'y/',
  'BEGIN',
  '$0',
  '$NF',
  'NR',
  ' /tmp/f',
  '1,3',
  '-1',
  '1e9',
];

/** As much of the cluster's time as a script may take, in seconds. */
const SECONDS = 1;
/** Containers have so much memory, so that a script that grows ends. */
const MEMORY = 64 * 1024 * 1024;
/** Scripts that one container runs before there is a new one. */
const SCRIPTS_A_LAB = 200;

/** A container of busybox, in which programs tell what they have thrown. */
class ShellLab {
  readonly #lab = new Lab();
  readonly #thrown: unknown[] = [];
  readonly #container;
  runs = 0;

  constructor() {
    const image = busyboxImage();
    const files = image.files.map((file) =>
      'program' in file ? { ...file, program: this.#watched(file.program) } : file,
    );
    this.#lab.simulation.onError = (error) => this.#thrown.push(error);
    this.#container = this.#lab.start({
      image: { ...image, files },
      args: ['sleep', '1000000'],
      limits: { memory: MEMORY },
    }).container;
  }

  #watched(program: Program): Program {
    return async (context) => {
      try {
        return await program(context);
      } catch (error) {
        if (!(error instanceof ProcessKilled)) this.#thrown.push(error);
        throw error;
      }
    };
  }

  /** @throws what a program has thrown that is no message to its user */
  async run(command: readonly string[], options: { stdin?: string; tty?: boolean } = {}): Promise<void> {
    this.runs++;
    await this.#lab.exec(this.#container, command, { seconds: SECONDS, ...options });
    if (this.#thrown.length > 0) throw this.#thrown.splice(0)[0];
  }
}

/** Runs scripts in one container after another. */
function inContainers(
  run: (lab: ShellLab, input: string) => Promise<void>,
): (input: string) => Promise<void> {
  let lab: ShellLab | undefined;
  return async (input) => {
    if (lab === undefined || lab.runs > SCRIPTS_A_LAB) lab = new ShellLab();
    try {
      await run(lab, input);
    } catch (error) {
      lab = undefined;
      throw error;
    }
  };
}

export const shellRuns = reader<string>({
  name: 'shell-runs',
  reads:
    'shell scripts, and what `awk`, `sed`, `grep`, `find`, `printf`, `expr`, `tar` and the like read, run in a container for a second of its time',
  inputs: fc.oneof(texts({ corpus: SCRIPTS, words: WORDS }), {
    weight: 2,
    arbitrary: texts({ corpus: COMMANDS, words: COMMAND_WORDS }),
  }),
  usual: 20_000,
  tested: 5,
  open: () =>
    inContainers((lab, script) =>
      lab.run(['sh', '-c', `printf '%s' '${FILE}' >/tmp/f; ${script}`, 'sh', 'abc', '2'], { stdin: FILE }),
    ),
});

export const terminals = reader<string>({
  name: 'terminals',
  reads: 'keys typed into an interactive shell (`kubectl exec -it`)',
  inputs: texts({
    corpus: [
      'echo hello\n',
      'ls /e\tpasswd\n',
      'echo a\x1b[D\x1b[Db\x1b[A\x1b[B\n',
      'sleep 5\x03echo x\n',
      'cat\nabc\x04',
      'a\x7f\x7f\x15\x17echo $(\n)\n',
      '\x12ec\x1b[3~\x01\x05\x0b\x0c\n',
    ],
    words: [
      '\n',
      '\t',
      '\x03',
      '\x04',
      '\x7f',
      '\x1b',
      '\x1b[',
      '\x1b[A',
      '\x1b[1;5C',
      '\x15',
      '\x17',
      '\x1c',
      '\x1a',
      '\x12',
      'exit\n',
      "'",
      '"',
      'é',
      '\0',
      '\xff',
    ],
    // Each line is a script of its own: more of them are no other case, and take longer than is waited for.
  }).map((keys) => keys.slice(0, 20_000)),
  tested: 8,
  open: () => inContainers((lab, keys) => lab.run(['sh'], { stdin: keys, tty: true })),
});
