import { outOfMemory } from '../errors.ts';

/** What V8's engine without backtracking does not know: back-references, look-around, letters of either case. */
const BACKTRACKS = /\\[1-9]|\(\?[=!<]/;
/** So many ways of matching may be tried: some tenths of a second. */
const MOST_WAYS = 1e8;
/** Characters of a text in which even an expression with repetitions in repetitions finds its end. */
const FEW = 20;

/**
 * An expression of which no match takes the host longer than a moment. Almost every expression is given to an engine
 * whose time grows with the text only (`boundBacktracking` of the runtime). One that this engine does not know is
 * refused where it could try too many ways: matching with back-references takes exponential time, whoever does it. The C
 * library runs out of memory there, later.
 */
export function boundedRegex(source: string, flags = ''): RegExp {
  return BACKTRACKS.test(source) || flags.includes('i')
    ? new BoundedRegExp(source, flags)
    : new RegExp(source, flags);
}

/** The methods of texts that take an expression call its `exec`. */
class BoundedRegExp extends RegExp {
  readonly #shape: Shape;

  constructor(source: string | RegExp, flags?: string) {
    super(source, flags);
    this.#shape = shapeOf(this.source);
  }

  override exec(text: string): RegExpExecArray | null {
    const length = this.global || this.sticky ? text.length - this.lastIndex : text.length;
    if (ways(this.#shape, length) > MOST_WAYS) outOfMemory();
    return super.exec(text);
  }
}

interface Shape {
  /** Parts that repeat as often as they like. */
  readonly repetitions: number;
  /** In how many ways everything else can be read. */
  readonly choices: number;
  /** A repetition of something that repeats or has alternatives. */
  readonly isNested: boolean;
}

/** Reads an expression without sets and what is quoted: groups, alternatives and repetitions are what counts. */
function shapeOf(source: string): Shape {
  const bare = source.replace(/\\[^]|\[\^?(?:\\[^]|[^\]\\])*\]/g, 'x');
  let [repetitions, choices] = [0, 1];
  let isNested = false;
  /** For each group that is open: does it have repetitions or alternatives in it? */
  const groups: boolean[] = [false];
  let closed = false;
  for (const [token] of bare.matchAll(/\(\?<?[:=!]|[()|*+?]|\{[\d,]*\}|[^]/g)) {
    const isRepetition = /^[*+]$|^\{/.test(token);
    if (isRepetition) repetitions++;
    if (token === '?' || token === '|') choices *= 2;
    if (isRepetition && closed) isNested = true;
    if (isRepetition || token === '?' || token === '|') groups[groups.length - 1] = true;
    if (token.startsWith('(')) groups.push(false);
    closed = false;
    if (token !== ')' || groups.length < 2) continue;
    closed = groups.pop() === true;
    if (closed) groups[groups.length - 1] = true;
  }
  return { repetitions, choices, isNested };
}

/** How many ways there are at most to match an expression from every place of a text. */
function ways({ repetitions, choices, isNested }: Shape, length: number): number {
  if (isNested && length > FEW) return Infinity;
  // A text is divided among the repetitions, and what stands in front of the match.
  let count = choices;
  for (let part = 1; part <= repetitions + 1; part++) count *= (length + part) / part;
  return count;
}
