import { fieldOf, type Node, type Position, typeOf } from './parser-nodes.ts';
import type {
  Assignment,
  CaseItem,
  Command,
  Operator,
  Parameter,
  Part,
  Redirection,
  RedirectionKind,
  Statement,
  Word,
} from './tree.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import { escapes } from '../common/escapes.ts';

/** Tokens of the parser, by the numbers that version 0.10.1 gives them. */
const REDIRECTIONS: Readonly<Record<number, RedirectionKind>> = {
  54: '>',
  55: '>>',
  56: '<',
  57: '<>',
  58: '<&',
  59: '>&',
  60: '>|',
  61: '<<',
  62: '<<',
  64: '&>',
};
const STRIPPED_DOCUMENT = 62;
const AND = 10;
const OR = 11;
const PIPE = 12;
const OPERATORS: Readonly<Record<number, Operator>> = {
  68: '+',
  69: ':+',
  70: '-',
  71: ':-',
  72: '?',
  73: ':?',
  74: '=',
  75: ':=',
  76: '%',
  77: '%%',
  78: '#',
  79: '##',
};
const CASE_BREAK = 30;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Turns the parser's tree into one of plain objects. What ash does not know is an error. */
export class Converter {
  readonly #parseParts: (doubleQuoted: string) => readonly Part[];
  readonly #bytes: Uint8Array;

  /** @param parseParts parses text as it stands between double quotes */
  constructor(source: string, parseParts: (doubleQuoted: string) => readonly Part[]) {
    this.#parseParts = parseParts;
    this.#bytes = encoder.encode(source);
  }

  statements(nodes: unknown): readonly Statement[] {
    return (nodes as readonly Node[]).map((node) => this.#statement(node));
  }

  word(node: unknown): Word {
    const parts = this.#parts(fieldOf(node as Node, 'Parts'), false);
    const literal = literalOf(parts);
    return literal === undefined ? { parts } : { parts, literal };
  }

  /** Text between two offsets, which count bytes. */
  #text(from: number, to: number): string {
    return decoder.decode(this.#bytes.subarray(from, to));
  }

  #statement(node: Node): Statement {
    if (fieldOf(node, 'Coprocess') === true) throw new ShellSyntaxError('unexpected "&"');
    return {
      command: this.#whole(node),
      background: fieldOf(node, 'Background') === true,
      text: this.#text(node.Pos().Offset(), node.End().Offset()).replace(/\s*[;&]$/, ''),
    };
  }

  /** A command with its redirections and its `!`. */
  #whole(node: Node): Command {
    const redirections = (fieldOf(node, 'Redirs') as readonly Node[]).map((each) => this.#redirection(each));
    const inner = fieldOf(node, 'Cmd') as Node | null;
    let command: Command;
    if (inner === null) {
      command = { kind: 'simple', assignments: [], words: [], redirections, line: node.Pos().Line() };
    } else {
      command = this.#command(inner);
      if (command.kind === 'simple') {
        command = { ...command, redirections: [...command.redirections, ...redirections] };
      } else if (redirections.length > 0) command = { kind: 'redirected', command, redirections };
    }
    return fieldOf(node, 'Negated') === true ? { kind: 'not', command } : command;
  }

  #command(node: Node): Command {
    const line = node.Pos().Line();
    switch (typeOf(node)) {
      case 'CallExpr':
        return {
          kind: 'simple',
          assignments: this.#assignments(fieldOf(node, 'Assigns')),
          words: this.#words(fieldOf(node, 'Args')),
          redirections: [],
          line,
        };
      case 'DeclClause':
        return { kind: 'simple', assignments: [], words: this.#declaration(node), redirections: [], line };
      case 'LetClause':
        return { kind: 'simple', assignments: [], words: this.#let(node), redirections: [], line };
      case 'TestClause':
        return { kind: 'simple', assignments: [], words: this.#test(node), redirections: [], line };
      case 'TimeClause':
        return this.#time(node, line);
      case 'BinaryCmd':
        return this.#binary(node);
      case 'Block':
        return { kind: 'group', body: this.statements(fieldOf(node, 'Stmts')) };
      case 'Subshell':
        return { kind: 'subshell', body: this.statements(fieldOf(node, 'Stmts')) };
      case 'IfClause':
        return this.#if(node);
      case 'WhileClause':
        return {
          kind: 'loop',
          until: fieldOf(node, 'Until') === true,
          condition: this.statements(fieldOf(node, 'Cond')),
          body: this.statements(fieldOf(node, 'Do')),
        };
      case 'ForClause':
        return this.#for(node);
      case 'CaseClause':
        return this.#case(node);
      case 'FuncDecl': {
        const name = text(fieldOf(node, 'Name'));
        return { kind: 'function', name, body: this.#whole(fieldOf(node, 'Body') as Node) };
      }
      default:
        throw new ShellSyntaxError('unexpected "("');
    }
  }

  #binary(node: Node): Command {
    const left = this.#whole(fieldOf(node, 'X') as Node);
    const right = this.#whole(fieldOf(node, 'Y') as Node);
    switch (fieldOf(node, 'Op')) {
      case AND:
        return { kind: 'and', left, right };
      case OR:
        return { kind: 'or', left, right };
      case PIPE: {
        const before = left.kind === 'pipeline' ? left.commands : [left];
        return { kind: 'pipeline', commands: [...before, right] };
      }
      default:
        throw new ShellSyntaxError('unexpected "&"');
    }
  }

  #if(node: Node): Command {
    const otherwise = fieldOf(node, 'Else') as Node | null;
    const then = this.statements(fieldOf(node, 'Then'));
    const condition = this.statements(fieldOf(node, 'Cond'));
    if (condition.length === 0) return { kind: 'group', body: then };
    return {
      kind: 'if',
      condition,
      then,
      ...(otherwise === null ? {} : { otherwise: this.#if(otherwise) }),
    };
  }

  #for(node: Node): Command {
    const loop = fieldOf(node, 'Loop') as Node;
    if (fieldOf(node, 'Select') === true || typeOf(loop) !== 'WordIter') {
      throw new ShellSyntaxError('bad for loop variable');
    }
    const name = text(fieldOf(loop, 'Name'));
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new ShellSyntaxError('bad for loop variable');
    const items = this.#words(fieldOf(loop, 'Items'));
    const header = this.#text(loop.Pos().Offset(), (fieldOf(node, 'DoPos') as Position).Offset());
    const hasItems = items.length > 0 || /^\S+\s+in\b/.test(header);
    return {
      kind: 'for',
      name,
      items: hasItems ? items : undefined,
      body: this.statements(fieldOf(node, 'Do')),
    };
  }

  #case(node: Node): Command {
    const items = (fieldOf(node, 'Items') as readonly Node[]).map((item): CaseItem => {
      if (fieldOf(item, 'Op') !== CASE_BREAK) throw new ShellSyntaxError('unexpected "&" (expecting ";;")');
      return {
        patterns: this.#words(fieldOf(item, 'Patterns')),
        body: this.statements(fieldOf(item, 'Stmts')),
      };
    });
    return { kind: 'case', word: this.word(fieldOf(node, 'Word')), items };
  }

  #words(nodes: unknown): readonly Word[] {
    return (nodes as readonly Node[]).map((node) => this.word(node));
  }

  #assignments(nodes: unknown): readonly Assignment[] {
    return (nodes as readonly Node[]).map((node) => {
      if (fieldOf(node, 'Array') !== null || fieldOf(node, 'Index') !== null)
        throw new ShellSyntaxError('unexpected "("');
      const name = text(fieldOf(node, 'Name'));
      const value =
        fieldOf(node, 'Value') === null ? { parts: [], literal: '' } : this.word(fieldOf(node, 'Value'));
      if (fieldOf(node, 'Append') !== true) return { name, value };
      return { name, value: { parts: [{ kind: 'parameter', name }, ...value.parts] } };
    });
  }

  /** `export`, `local` and the like are plain commands here; what is assigned is not split into fields. */
  #declaration(node: Node): readonly Word[] {
    const words: Word[] = [this.#literal(text(fieldOf(node, 'Variant')))];
    for (const each of fieldOf(node, 'Args') as readonly Node[]) {
      if (fieldOf(each, 'Array') !== null || fieldOf(each, 'Index') !== null)
        throw new ShellSyntaxError('unexpected "("');
      const value = fieldOf(each, 'Value');
      if (fieldOf(each, 'Name') === null) words.push(this.word(value));
      else if (fieldOf(each, 'Naked') === true) words.push(this.#literal(text(fieldOf(each, 'Name'))));
      else {
        const parts = value === null ? [] : this.word(value).parts;
        words.push({
          parts: [
            { kind: 'quoted', text: `${text(fieldOf(each, 'Name'))}=` },
            ...parts.map((part): Part => unsplit(part)),
          ],
        });
      }
    }
    return words;
  }

  #let(node: Node): readonly Word[] {
    const words = (fieldOf(node, 'Exprs') as readonly Node[]).map((each): Word => ({
      parts: [
        { kind: 'double', parts: this.#parseParts(this.#text(each.Pos().Offset(), each.End().Offset())) },
      ],
    }));
    return [this.#literal('let'), ...words];
  }

  /** ash takes `[[` for a command like `[`; only the plain forms of bash's are understood. */
  #test(node: Node): readonly Word[] {
    return [this.#literal('[['), ...this.#testWords(fieldOf(node, 'X') as Node), this.#literal(']]')];
  }

  #testWords(node: Node): readonly Word[] {
    switch (typeOf(node)) {
      case 'Word':
        return [this.word(node)];
      case 'ParenTest':
        return [this.#literal('('), ...this.#testWords(fieldOf(node, 'X') as Node), this.#literal(')')];
      case 'UnaryTest': {
        const x = fieldOf(node, 'X') as Node;
        return [this.#operator(node, node.Pos().Offset(), x.Pos().Offset()), ...this.#testWords(x)];
      }
      default: {
        const x = fieldOf(node, 'X') as Node;
        const y = fieldOf(node, 'Y') as Node;
        const operator = this.#operator(node, x.End().Offset(), y.Pos().Offset());
        return [...this.#testWords(x), operator, ...this.#testWords(y)];
      }
    }
  }

  #operator(_node: Node, from: number, to: number): Word {
    return this.#literal(this.#text(from, to).trim());
  }

  /** `time` is a program of its own here. */
  #time(node: Node, line: number): Command {
    const time = [
      this.#literal('time'),
      ...(fieldOf(node, 'PosixFormat') === true ? [this.#literal('-p')] : []),
    ];
    const inner = fieldOf(node, 'Stmt') === null ? undefined : this.#whole(fieldOf(node, 'Stmt') as Node);
    if (inner === undefined) {
      return { kind: 'simple', assignments: [], words: time, redirections: [], line };
    }
    if (inner.kind === 'simple') return { ...inner, words: [...time, ...inner.words] };
    if (inner.kind !== 'pipeline') throw new ShellSyntaxError('unexpected word');
    const [first, ...rest] = inner.commands;
    if (first?.kind !== 'simple') throw new ShellSyntaxError('unexpected word');
    return { kind: 'pipeline', commands: [{ ...first, words: [...time, ...first.words] }, ...rest] };
  }

  #literal(value: string): Word {
    return { parts: [{ kind: 'text', text: value }], literal: value };
  }

  #redirection(node: Node): Redirection {
    const kind = REDIRECTIONS[fieldOf(node, 'Op') as number];
    if (kind === undefined) throw new ShellSyntaxError('unexpected redirection');
    const number = fieldOf(node, 'N') === null ? undefined : Number(text(fieldOf(node, 'N')));
    const fd = number ?? (kind.startsWith('<') ? 0 : 1);
    if (kind !== '<<') return { kind, fd, word: this.word(fieldOf(node, 'Word')) };
    return { kind, fd, word: this.#document(node) };
  }

  #document(node: Node): Word {
    const isQuoted = this.word(fieldOf(node, 'Word')).parts.some(({ kind }) => kind !== 'text');
    const strip = (value: string): string =>
      fieldOf(node, 'Op') === STRIPPED_DOCUMENT ? value.replace(/^\t+/gm, '') : value;
    if (fieldOf(node, 'Hdoc') === null) return { parts: [], literal: '' };
    const nodes = fieldOf(fieldOf(node, 'Hdoc') as Node, 'Parts') as readonly Node[];
    const parts = nodes.flatMap((part): readonly Part[] => {
      if (typeOf(part) !== 'Lit') return this.#part(part, true);
      const value = strip(fieldOf(part, 'Value') as string);
      return [{ kind: 'quoted', text: isQuoted ? value : value.replace(/\\([$`\\])|\\\n/g, '$1') }];
    });
    return { parts: [{ kind: 'double', parts }] };
  }

  #parts(nodes: unknown, inDouble: boolean): readonly Part[] {
    return (nodes as readonly Node[]).flatMap((node) => this.#part(node, inDouble));
  }

  #part(node: Node, inDouble: boolean): readonly Part[] {
    switch (typeOf(node)) {
      case 'Lit':
        return inDouble
          ? [{ kind: 'quoted', text: (fieldOf(node, 'Value') as string).replace(/\\([$`"\\])|\\\n/g, '$1') }]
          : unquotedParts(fieldOf(node, 'Value') as string);
      case 'SglQuoted': {
        const value = fieldOf(node, 'Value') as string;
        if (inDouble) return [{ kind: 'quoted', text: `'${value}'` }];
        return [{ kind: 'quoted', text: fieldOf(node, 'Dollar') === true ? escapes(value).text : value }];
      }
      case 'DblQuoted':
        return [{ kind: 'double', parts: this.#parts(fieldOf(node, 'Parts'), true) }];
      case 'ParamExp':
        return [this.#parameter(node, inDouble)];
      case 'CmdSubst':
        return [{ kind: 'command', body: this.statements(fieldOf(node, 'Stmts')) }];
      case 'ArithmExp': {
        const inner = this.#text(node.Pos().Offset(), node.End().Offset())
          .replace(/^\$(\(\(|\[)/, '')
          .replace(/(\)\)|\])$/, '');
        return [{ kind: 'arithmetic', parts: this.#parseParts(inner) }];
      }
      case 'ExtGlob':
      case 'ProcSubst':
        throw new ShellSyntaxError('unexpected "("');
      default:
        throw new ShellSyntaxError('bad substitution');
    }
  }

  #parameter(node: Node, inDouble: boolean): Parameter {
    const name = text(fieldOf(node, 'Param'));
    const operand = (value: unknown): Word =>
      value === null
        ? { parts: [], literal: '' }
        : { parts: this.#parts(fieldOf(value as Node, 'Parts'), inDouble) };
    if (fieldOf(node, 'Length') === true) return { kind: 'parameter', name, operator: 'length' };
    if (fieldOf(node, 'Index') !== null || fieldOf(node, 'Excl') === true)
      throw new ShellSyntaxError('bad substitution');
    const expansion = fieldOf(node, 'Exp') as Node | null;
    if (expansion !== null) {
      const operator = OPERATORS[fieldOf(expansion, 'Op') as number];
      if (operator === undefined) throw new ShellSyntaxError('bad substitution');
      return {
        kind: 'parameter',
        name,
        operator,
        word: this.#operand(fieldOf(expansion, 'Word'), operator, operand),
      };
    }
    const replace = fieldOf(node, 'Repl') as Node | null;
    if (replace !== null) {
      const operator = fieldOf(replace, 'All') === true ? '//' : '/';
      const pattern = this.#operand(fieldOf(replace, 'Orig'), operator, operand);
      return { kind: 'parameter', name, operator, word: pattern, second: operand(fieldOf(replace, 'With')) };
    }
    const slice = fieldOf(node, 'Slice') as Node | null;
    if (slice === null) return { kind: 'parameter', name };
    const expression = (value: unknown): Word => {
      const each = value as Node | null;
      const written = each === null ? '' : this.#text(each.Pos().Offset(), each.End().Offset());
      // From the beginning: `${x::2}`.
      if (written === '') return this.#literal('0');
      return { parts: [{ kind: 'double', parts: this.#parseParts(written) }] };
    };
    return {
      kind: 'parameter',
      name,
      operator: 'slice',
      word: expression(fieldOf(slice, 'Offset')),
      ...(fieldOf(slice, 'Length') === null ? {} : { second: expression(fieldOf(slice, 'Length')) }),
    };
  }

  /** The pattern of `%`, `#` and `/` has quotes of its own, also inside double quotes. */
  #operand(node: unknown, operator: Operator, otherwise: (node: unknown) => Word): Word {
    if (node === null || !/^[%#/]/.test(operator)) return otherwise(node);
    return { parts: this.#parts(fieldOf(node as Node, 'Parts'), false) };
  }
}

const text = (node: unknown): string => fieldOf(node as Node, 'Value') as string;

/** A literal outside of quotes: backslashes quote what follows. */
function unquotedParts(value: string): readonly Part[] {
  if (!value.includes('\\')) return value === '' ? [] : [{ kind: 'text', text: value }];
  const parts: Part[] = [];
  for (const [piece] of value.matchAll(/\\[^]|[^\\]+|\\$/gu)) {
    if (piece === '\\\n') continue;
    if (piece.length > 1 && piece.startsWith('\\')) parts.push({ kind: 'quoted', text: piece.slice(1) });
    else parts.push({ kind: 'text', text: piece });
  }
  return parts;
}

function unsplit(part: Part): Part {
  return part.kind === 'parameter' || part.kind === 'command' || part.kind === 'arithmetic'
    ? { kind: 'double', parts: [part] }
    : part;
}

function literalOf(parts: readonly Part[]): string | undefined {
  let literal = '';
  for (const part of parts) {
    if (part.kind === 'quoted') literal += part.text;
    else if (part.kind === 'text' && !/[*?[~]/.test(part.text)) literal += part.text;
    else if (part.kind === 'double' && part.parts.every(({ kind }) => kind === 'quoted')) {
      literal += part.parts.map((each) => (each.kind === 'quoted' ? each.text : '')).join('');
    } else return undefined;
  }
  return literal;
}
