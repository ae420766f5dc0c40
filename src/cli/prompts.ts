import type * as Clack from '@clack/prompts';

/** Questions to the person at the keyboard. */
export interface Prompts {
  text(message: string): Promise<string>;
  choose<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T>;
  confirm(message: string): Promise<boolean>;
}

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

/** Ctrl-C or Escape at a question. */
export class Cancelled extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Cancelled';
  }
}

/**
 * Asks on the terminal, on stderr: stdout stays for the result.
 * @returns undefined where nobody can be asked
 */
export function terminalPrompts(options: { json: boolean; signal: AbortSignal }): Prompts | undefined {
  if (options.json || !process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  const io = { output: process.stderr, signal: options.signal };
  const clack = (): Promise<typeof Clack> => import('@clack/prompts');
  const answered = <T>(answer: T | symbol): T => {
    if (typeof answer === 'symbol') throw new Cancelled();
    return answer;
  };
  return {
    text: async (message) => answered<string>(await (await clack()).text({ message, ...io })),
    // What is asked for ends something: Enter alone is no yes.
    confirm: async (message) =>
      answered<boolean>(await (await clack()).confirm({ message, initialValue: false, ...io })),
    choose: async (message, choices) => {
      const { select } = await clack();
      const labels = choices.map(({ value, label }) => ({ value: value, label }));
      const value = answered(await select<string>({ message, options: labels, maxItems: 12, ...io }));
      return value as (typeof choices)[number]['value'];
    },
  };
}
