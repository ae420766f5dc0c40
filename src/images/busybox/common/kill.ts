import type { ProgramContext } from '../../../cluster/runtime/types.ts';
import { runtimeSignal, signalName, SIGNALS } from './signals.ts';

interface Output {
  print(text: string): void;
  warn(message: string): void;
}

/** `kill` of the shell and of its own. @returns the exit code */
export function killProcesses(context: ProgramContext, args: readonly string[], output: Output): number {
  const [first = '', ...others] = args;
  if (first === '-l') return listSignals(others, output);
  const option = /^-s?(?=.)/.test(first) && first !== '--' ? first : undefined;
  const isSeparate = first === '-s';
  const name = isSeparate ? (others[0] ?? '') : (option?.slice(1) ?? 'TERM');
  const signal = name === '0' ? '0' : signalName(name);
  if (signal === undefined) {
    output.warn(`bad signal name '${name}'`);
    return 1;
  }
  const operands = (option === undefined ? args : isSeparate ? others.slice(1) : others).filter(
    (argument) => argument !== '--',
  );
  if (operands.length === 0) {
    output.warn('you need to specify whom to kill');
    return 1;
  }
  return Math.min(operands.filter((operand) => !killOne(context, operand, signal, output)).length, 1);
}

function killOne(context: ProgramContext, operand: string, signal: string, output: Output): boolean {
  if (!/^-?\d+$/.test(operand)) {
    output.warn(`invalid number '${operand}'`);
    return false;
  }
  const all = context.processes.list();
  const pid = Number(operand);
  const targets =
    pid === -1
      ? all.filter((each) => each.pid !== 1 && each.pid !== context.pid)
      : all.filter((each) => each.pid === Math.abs(pid));
  if (targets.length === 0) {
    output.warn(`can't kill pid ${operand}: No such process`);
    return false;
  }
  const own = all.find((each) => each.pid === context.pid)?.user;
  for (const target of targets) {
    if (context.user.uid !== 0 && target.user !== own) {
      output.warn(`can't kill pid ${operand}: Operation not permitted`);
      return false;
    }
    const known = runtimeSignal(signal);
    if (known !== undefined) context.processes.kill(target.pid, known);
  }
  return true;
}

function listSignals(args: readonly string[], output: Output): number {
  if (args.length === 0) {
    for (const [name, number] of Object.entries(SIGNALS)) {
      output.print(`${String(number).padStart(2)}) ${name}\n`);
    }
    return 0;
  }
  for (const argument of args) {
    const number = Number(argument);
    const name = Number.isNaN(number) ? undefined : signalName(String(number > 128 ? number - 128 : number));
    const named = signalName(argument);
    const text = name ?? (named === undefined ? undefined : String(SIGNALS[named]));
    if (text === undefined) {
      output.warn(`unknown signal '${argument}'`);
      return 1;
    }
    output.print(`${text}\n`);
  }
  return 0;
}
