import type { Applet, Command } from '../command.ts';
import { baseName } from '../command.ts';
import { compilePattern } from '../common/pattern.ts';
import { posixRegex } from '../common/regex.ts';
import { modeText, names } from '../common/describe.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import { blocksOf, inodeOf, sizeOf } from './list.ts';
import type { Found } from './tree.ts';
import { linksOf, statOf, walk } from './tree.ts';

type Test = (found: Found) => boolean | Promise<boolean>;

/** `find`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/find.html */
export const find: Applet = async (command) => {
  const args = command.args.filter((argument, index) => !(index === 0 && /^-[HLP]$/.test(argument)));
  const first = args.findIndex((argument) => /^[-(!]/.test(argument));
  const roots = first < 0 ? args : args.slice(0, first);
  const expression = new FindExpression(command, first < 0 ? [] : args.slice(first));
  const test = expression.parse();
  let status = 0;
  for (const root of roots.length === 0 ? ['.'] : roots) {
    const onError = (name: string, error: unknown): void => {
      command.warn(`${name}: ${errorWords(error)}`);
      status = 1;
    };
    await search(command, expression, test, walk(command.context.files, root, command.path(root), onError));
  }
  await expression.finish();
  return status;
};

async function search(
  command: Command,
  expression: FindExpression,
  test: Test,
  walker: ReturnType<typeof walk>,
): Promise<void> {
  const found: Found[] = [];
  for (let step = walker.next(); step.done !== true;) {
    const { depth } = step.value;
    expression.takePruned();
    if (expression.isDepthFirst) found.push(step.value);
    else if (depth >= expression.minDepth) await test(step.value);
    await command.work(4000);
    step = walker.next(expression.takePruned() || depth >= expression.maxDepth ? 'skip' : undefined);
  }
  for (const each of found.reverse()) if (each.depth >= expression.minDepth) await test(each);
}

/** Turns the expression behind the paths into a test with effects. */
class FindExpression {
  maxDepth = Infinity;
  minDepth = 0;
  isDepthFirst = false;
  readonly #command: Command;
  readonly #args: readonly string[];
  readonly #batches: { readonly words: readonly string[]; readonly paths: string[] }[] = [];
  #index = 0;
  #hasAction = false;
  #isPruned = false;

  constructor(command: Command, args: readonly string[]) {
    this.#command = command;
    this.#args = args;
  }

  parse(): Test {
    const test = this.#args.length === 0 ? () => true : this.#or();
    if (this.#index < this.#args.length) throw new Failure(`unrecognized: ${this.#args[this.#index] ?? ''}`);
    if (this.#hasAction) return test;
    return async (found) => {
      if (await test(found)) this.#command.print(`${found.name}\n`);
      return true;
    };
  }

  /** Did `-prune` apply since this was asked last? */
  takePruned(): boolean {
    const isPruned = this.#isPruned;
    this.#isPruned = false;
    return isPruned;
  }

  /** Runs what `-exec … +` has collected. */
  async finish(): Promise<void> {
    for (const { words, paths } of this.#batches) {
      if (paths.length > 0) await this.#command.run([...words, ...paths], { words: words[0] ?? '' });
    }
  }

  #or(): Test {
    let left = this.#and();
    while (this.#take('-o') || this.#take('-or')) {
      const [first, second] = [left, this.#and()];
      left = async (found) => (await first(found)) || second(found);
    }
    return left;
  }

  #and(): Test {
    let left = this.#not();
    for (;;) {
      const next = this.#args[this.#index];
      if (next === undefined || next === ')' || next === '-o' || next === '-or') return left;
      if (next === '-a' || next === '-and') this.#index++;
      const [first, second] = [left, this.#not()];
      left = async (found) => (await first(found)) && second(found);
    }
  }

  #not(): Test {
    if (this.#take('!') || this.#take('-not')) {
      const test = this.#not();
      return async (found) => !(await test(found));
    }
    if (this.#take('(')) {
      const test = this.#or();
      if (!this.#take(')')) throw new Failure("unpaired '('");
      return test;
    }
    return this.#primary(this.#args[this.#index++] ?? '');
  }

  #take(word: string): boolean {
    if (this.#args[this.#index] !== word) return false;
    this.#index++;
    return true;
  }

  #operand(name: string): string {
    const value = this.#args[this.#index++];
    if (value === undefined) throw new Failure(`${name} requires an argument`);
    return value;
  }

  #primary(name: string): Test {
    switch (name) {
      case '-maxdepth':
      case '-mindepth': {
        const depth = numberOf(this.#operand(name));
        if (name === '-maxdepth') this.maxDepth = depth;
        else this.minDepth = depth;
        return () => true;
      }
      case '-depth':
        this.isDepthFirst = true;
        return () => true;
      case '-xdev':
      case '-mount':
      case '-follow':
        return () => true;
      case '-print':
      case '-print0': {
        this.#hasAction = true;
        const end = name === '-print0' ? '\0' : '\n';
        return (found) => {
          this.#command.print(`${found.name}${end}`);
          return true;
        };
      }
      case '-ls':
      case '-delete':
      case '-quit':
      case '-prune':
      case '-exec':
        return this.#action(name);
      default:
        return this.#test(name);
    }
  }

  #action(name: string): Test {
    if (name !== '-prune') this.#hasAction = true;
    const { files } = this.#command.context;
    switch (name) {
      case '-exec':
        return this.#exec();
      case '-prune':
        return () => {
          this.#isPruned = true;
          return true;
        };
      case '-delete':
        this.isDepthFirst = true;
        return (found) => {
          if (found.name === '.') return true;
          try {
            files.remove(found.path);
          } catch (error) {
            this.#command.warn(`${found.name}: ${errorWords(error)}`);
            return false;
          }
          return true;
        };
      case '-ls':
        return ({ name: shown, path, stat }) => {
          const { users } = names(files);
          const size = String(sizeOf(stat)).padStart(8);
          this.#command.print(
            `${String(inodeOf(path)).padStart(7)} ${String(blocksOf(stat)).padStart(4)} ${modeText(stat)} ${String(linksOf(files, path, stat)).padStart(3)} ${(users.get(stat.uid) ?? String(stat.uid)).padEnd(8)} ${size} ${shown}\n`,
          );
          return true;
        };
      default:
        return () => {
          this.maxDepth = -1;
          return true;
        };
    }
  }

  #exec(): Test {
    const end = this.#args.findIndex((word, index) => index >= this.#index && (word === ';' || word === '+'));
    if (end < 0) throw new Failure(`option '-exec' requires an argument`);
    const words = this.#args.slice(this.#index, end);
    const isBatch = this.#args[end] === '+';
    this.#index = end + 1;
    if (isBatch) {
      const batch = { words: words.filter((word) => word !== '{}'), paths: [] as string[] };
      this.#batches.push(batch);
      return ({ name }) => {
        batch.paths.push(name);
        return true;
      };
    }
    return async ({ name }) => {
      const args = words.map((word) => word.replaceAll('{}', name));
      return (await this.#command.run(args, { words: args[0] ?? '' })) === 0;
    };
  }

  #test(name: string): Test {
    const operand = (): string => this.#operand(name);
    const { files } = this.#command.context;
    switch (name) {
      case '-name':
      case '-iname':
      case '-path':
      case '-ipath': {
        const isCaseless = name.startsWith('-i');
        const text = operand();
        const pattern = compilePattern(isCaseless ? text.toLowerCase() : text);
        const isPath = name.endsWith('path');
        return (found) => {
          const shown = isPath ? found.name : baseName(found.name.replace(/(?<=.)\/+$/, ''));
          return pattern.matches(isCaseless ? shown.toLowerCase() : shown);
        };
      }
      case '-regex': {
        const regex = posixRegex(`^\\(${operand()}\\)$`, false);
        return (found) => regex.test(found.name);
      }
      case '-type': {
        const letter = operand();
        const type = {
          f: 'file',
          d: 'directory',
          l: 'symlink',
          c: 'device',
          b: 'none',
          p: 'none',
          s: 'none',
        }[letter];
        if (type === undefined) throw new Failure(`invalid argument '${letter}' to '-type'`);
        return (found) => found.stat.type === type;
      }
      case '-empty':
        return ({ stat, path }) =>
          stat.type === 'directory' ? files.list(path).length === 0 : stat.type === 'file' && stat.size === 0;
      case '-true':
        return () => true;
      case '-false':
        return () => false;
      default:
        return this.#attributeTest(name);
    }
  }

  /** Tests of size, time, permissions and owner. */
  #attributeTest(name: string): Test {
    const operand = (): string => this.#operand(name);
    const { files, clock } = this.#command.context;
    switch (name) {
      case '-size': {
        const text = operand();
        const unit = { c: 1, w: 2, b: 512, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }[text.slice(-1)];
        const fits = comparison(unit === undefined ? text : text.slice(0, -1));
        return (found) => fits(Math.ceil(sizeOf(found.stat) / (unit ?? 512)));
      }
      case '-mtime':
      case '-mmin': {
        const unit = name === '-mtime' ? 86_400_000 : 60_000;
        const fits = comparison(operand());
        return (found) => fits(Math.floor((clock.now() - found.stat.modified) / unit));
      }
      case '-newer': {
        const reference = statOf(files, this.#command.path(operand()))?.modified ?? 0;
        return (found) => found.stat.modified > reference;
      }
      case '-perm': {
        const text = operand();
        const mode = parseInt(text.replace(/^[-/]/, ''), 8);
        return ({ stat }) =>
          text.startsWith('-')
            ? (stat.mode & mode) === mode
            : text.startsWith('/')
              ? (stat.mode & mode) !== 0
              : (stat.mode & 0o7777) === mode;
      }
      case '-user':
      case '-group': {
        const known = names(files)[name === '-user' ? 'users' : 'groups'];
        const text = operand();
        return ({ stat }) => {
          const id = name === '-user' ? stat.uid : stat.gid;
          return text === String(id) || text === known.get(id);
        };
      }
      default:
        throw new UsageError(`unrecognized: ${name}`);
    }
  }
}

/** `+5` is more, `-5` is less. */
/** @throws Failure */
function numberOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new Failure(`invalid number '${text}'`);
  return Number(text);
}

/** `5`, `+5` (more than that) or `-5` (less). @throws Failure */
function comparison(text: string): (value: number) => boolean {
  const number = numberOf(text.replace(/^[-+]/, ''));
  if (text.startsWith('+')) return (value) => value > number;
  return text.startsWith('-') ? (value) => value < number : (value) => value === number;
}
