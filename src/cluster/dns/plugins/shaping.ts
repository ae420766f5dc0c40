import type { DnsMessage, DnsRecord, DnsType } from '../../network/dns-message.ts';
import { inZone, normalName, replyTo } from '../messages.ts';
import type { DnsRequest, Setup } from '../plugin.ts';
import { goRegExp, parseWhole, QUERY_TYPES } from './common.ts';

// Plugins that change queries and answers: loadbalance, rewrite, erratic. https://coredns.io/plugins/

/** Shuffles the addresses of an answer. */
export const loadbalance: Setup = ({ tokens, instance }) => {
  while (tokens.next()) {
    const [policy, more] = tokens.remaining();
    if (policy !== undefined && policy !== 'round_robin' && policy !== 'weighted') {
      throw new Error(`unknown policy: ${policy}`);
    }
    if (policy === 'round_robin' && more !== undefined)
      throw tokens.error('unknown property for round_robin');
  }
  const { random } = instance.program;
  return {
    name: 'loadbalance',
    serve: (request, next, done) => {
      next(request, (outcome) => {
        const answer = outcome.answer;
        if (answer === undefined || answer.answers.length < 2) done(outcome);
        else
          done({ answer: { ...answer, answers: shuffled(answer.answers, (some) => random.shuffle(some)) } });
      });
    },
  };
};

function shuffled(
  records: readonly DnsRecord[],
  shuffle: (some: readonly DnsRecord[]) => DnsRecord[],
): DnsRecord[] {
  const of = (...types: DnsType[]): DnsRecord[] => records.filter(({ type }) => types.includes(type));
  const rest = records.filter(({ type }) => !['CNAME', 'A', 'AAAA', 'MX'].includes(type));
  return [...of('CNAME'), ...rest, ...shuffle(of('A', 'AAAA')), ...shuffle(of('MX'))];
}

interface RewriteRule {
  readonly stop: boolean;
  /** The request with another name or type, or undefined where the rule does not fit. */
  change(request: DnsRequest): DnsRequest | undefined;
  /** Changes names in the answer back. */
  readonly answerName: (name: string, asked: DnsRequest, rewritten: DnsRequest) => string;
}

const NAME_RULES = ['exact', 'prefix', 'suffix', 'substring', 'regex'];

/** Rewrites the name or the type of a query, and names in its answer back. */
export const rewrite: Setup = ({ tokens }) => {
  const rules: RewriteRule[] = [];
  while (tokens.next()) {
    const words = tokens.remaining();
    while (tokens.nextInBlock()) words.push(tokens.value, ...tokens.remaining());
    rules.push(ruleOf(words));
  }
  return {
    name: 'rewrite',
    serve: (request, next, done) => {
      let current = request;
      const used: { rule: RewriteRule; asked: DnsRequest; rewritten: DnsRequest }[] = [];
      for (const rule of rules) {
        const changed = rule.change(current);
        if (changed === undefined) continue;
        used.push({ rule, asked: current, rewritten: changed });
        current = changed;
        if (rule.stop) break;
      }
      if (used.length === 0) {
        next(request, done);
        return;
      }
      next(current, (outcome) => {
        if (outcome.answer === undefined) {
          done(outcome);
          return;
        }
        const rename = (name: string): string =>
          used.reduceRight(
            (text, { rule, asked, rewritten }) => rule.answerName(text, asked, rewritten),
            name,
          );
        const all = (records: readonly DnsRecord[]): DnsRecord[] =>
          records.map((record) => ({ ...record, name: rename(record.name) }));
        const { answer } = outcome;
        const changed: DnsMessage = {
          ...answer,
          question: request.query.question,
          answers: all(answer.answers),
        };
        done({ answer: changed });
      });
    },
  };
};

function ruleOf(words: string[]): RewriteRule {
  let stop = true;
  if (words[0] === 'continue' || words[0] === 'stop') stop = words.shift() === 'stop';
  const kind = words.shift();
  if (kind === undefined) throw new Error('no rule type specified for rewrite');
  if (kind === 'type') return typeRule(words, stop);
  if (kind === 'name') return nameRule(words, stop);
  if (['class', 'edns0', 'ttl', 'cname', 'rcode'].includes(kind)) {
    // They change what queries in this network do not carry.
    return { stop, change: () => undefined, answerName: (name) => name };
  }
  throw new Error(`invalid rule type ${JSON.stringify(kind)}`);
}

function typeRule([from = '', to = '']: string[], stop: boolean): RewriteRule {
  for (const type of [from, to]) {
    if (!QUERY_TYPES.has(type)) throw new Error(`invalid type ${JSON.stringify(type)}`);
  }
  return {
    stop,
    change: (request) => (request.type === from ? { ...request, type: to as DnsType } : undefined),
    answerName: (name) => name,
  };
}

function nameRule(words: string[], stop: boolean): RewriteRule {
  if (words.length < 2) throw new Error('too few arguments for a name rule');
  const match = words.length === 2 ? 'exact' : (words.shift() ?? '');
  if (!NAME_RULES.includes(match)) {
    throw new Error(
      `name rule supports only exact, prefix, suffix, substring, and regex name matching, received: ${match}`,
    );
  }
  const [from = '', to = '', ...options] = words;
  const auto = options.join(' ') === 'answer auto';
  const substitute = substitution(match, from, to);
  const [, what, answerFrom = '', answerTo = ''] = options;
  const fixed = what === 'name' ? substitution('regex', answerFrom, answerTo) : undefined;
  const reversible = auto || match === 'exact';
  return {
    stop,
    change: (request) => {
      const name = substitute(request.name);
      return name === undefined ? undefined : { ...request, name };
    },
    answerName: (name, asked, rewritten) => {
      if (fixed !== undefined) return fixed(name) ?? name;
      return reversible && name === rewritten.name ? asked.name : name;
    },
  };
}

/** What a name becomes, or undefined where the pattern does not fit. Names go in and out without final dot. */
function substitution(match: string, from: string, to: string): (name: string) => string | undefined {
  const [source, target] = [normalName(from), normalName(to)];
  switch (match) {
    case 'exact':
      return (name) => (name === source ? target : undefined);
    case 'prefix':
      return (name) => (name.startsWith(source) ? target + name.slice(source.length) : undefined);
    case 'suffix':
      return (name) => (name.endsWith(source) ? name.slice(0, -source.length) + target : undefined);
    case 'substring':
      return (name) => (name.includes(source) ? name.replaceAll(source, target) : undefined);
    default: {
      const pattern = patternOf(from);
      return (name) => {
        const found = pattern.exec(`${name}.`) ?? pattern.exec(name);
        if (found === null) return undefined;
        return normalName(to.replace(/\{(\d+)\}/g, (_whole, index: string) => found[Number(index)] ?? ''));
      };
    }
  }
}

function patternOf(source: string): RegExp {
  try {
    return goRegExp(source);
  } catch {
    throw new Error(`invalid regex matching pattern: ${source}`);
  }
}

/** Drops, delays or truncates every n-th answer. */
export const erratic: Setup = ({ tokens, block, instance }) => {
  let drop = 2;
  let truncate = 0;
  let delay = 0;
  let delayMs = 100;
  while (tokens.next()) {
    tokens.remaining();
    while (tokens.nextInBlock()) {
      const property = tokens.value;
      const [amount, duration] = tokens.remaining();
      if (property === 'drop') drop = amount === undefined ? 2 : parseWhole(amount, 'ParseInt');
      else if (property === 'truncate') truncate = amount === undefined ? 2 : parseWhole(amount, 'ParseInt');
      else if (property === 'delay') {
        delay = amount === undefined ? 2 : parseWhole(amount, 'ParseInt');
        delayMs = duration === undefined ? 100 : Number.parseInt(duration, 10);
      } else if (property !== 'large') throw tokens.error(`unknown property '${property}'`);
    }
  }
  let count = 0;
  const due = (every: number): boolean => every > 0 && count % every === 0;
  return {
    name: 'erratic',
    serve: (request, _next, done) => {
      count++;
      if (due(drop)) return;
      if (!block.zones.some((zone) => inZone(request.name, zone))) return;
      const record: DnsRecord = { name: request.name, type: 'A', ttl: 0, data: '192.0.2.53' };
      const reply = replyTo(request.query, {
        authoritative: true,
        answers: request.type === 'A' ? [record] : [],
      });
      const answer = due(truncate) ? { ...reply, truncated: true } : reply;
      if (!due(delay)) done({ answer });
      else void instance.program.clock.sleep(delayMs).then(() => done({ answer }));
    },
  };
};
