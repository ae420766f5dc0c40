/** A shell script as the interpreter runs it. See https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'quoted'; readonly text: string }
  /** Inside double quotes. */
  | { readonly kind: 'double'; readonly parts: readonly Part[] }
  | Parameter
  | { readonly kind: 'command'; readonly body: readonly Statement[] }
  /** `$((…))`; its text is expanded like a double-quoted one before it is calculated. */
  | { readonly kind: 'arithmetic'; readonly parts: readonly Part[] };

/** What `${name…}` does with the value. */
export type Operator =
  | '-'
  | ':-'
  | '='
  | ':='
  | '?'
  | ':?'
  | '+'
  | ':+'
  | '%'
  | '%%'
  | '#'
  | '##'
  | 'length'
  /** `${name:offset:length}` */
  | 'slice'
  /** `${name/pattern/text}` and with `//` all of them */
  | '/'
  | '//';

export interface Parameter {
  readonly kind: 'parameter';
  readonly name: string;
  readonly operator?: Operator;
  readonly word?: Word;
  /** Second operand of `slice`, `/` and `//`. */
  readonly second?: Word;
}

export interface Word {
  readonly parts: readonly Part[];
  /** The whole word, where nothing in it can be expanded, split or matched. */
  readonly literal?: string;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export type RedirectionKind = '>' | '>>' | '<' | '<>' | '<&' | '>&' | '>|' | '&>' | '<<';

export interface Redirection {
  readonly kind: RedirectionKind;
  readonly fd: number;
  /** File name, descriptor, or the text of a here-document. */
  readonly word: Word;
}

export interface CaseItem {
  readonly patterns: readonly Word[];
  readonly body: readonly Statement[];
}

export interface Simple {
  readonly kind: 'simple';
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
  readonly line: number;
  /** The `exec` in front of it is the shell's own idea. */
  readonly isImplied?: true;
}

export type Command =
  | Simple
  | { readonly kind: 'pipeline'; readonly commands: readonly Command[] }
  | { readonly kind: 'not'; readonly command: Command }
  | { readonly kind: 'and' | 'or'; readonly left: Command; readonly right: Command }
  | {
      readonly kind: 'if';
      readonly condition: readonly Statement[];
      readonly then: readonly Statement[];
      readonly otherwise?: Command;
    }
  | {
      readonly kind: 'loop';
      readonly until: boolean;
      readonly condition: readonly Statement[];
      readonly body: readonly Statement[];
    }
  | {
      readonly kind: 'for';
      readonly name: string;
      /** Undefined: the positional parameters. */
      readonly items: readonly Word[] | undefined;
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'case'; readonly word: Word; readonly items: readonly CaseItem[] }
  | { readonly kind: 'group' | 'subshell'; readonly body: readonly Statement[] }
  | { readonly kind: 'function'; readonly name: string; readonly body: Command }
  /** A compound command with redirections. */
  | {
      readonly kind: 'redirected';
      readonly command: Command;
      readonly redirections: readonly Redirection[];
    };

export interface Statement {
  readonly command: Command;
  readonly background: boolean;
  /** As it was written, for `jobs`. */
  readonly text: string;
}
