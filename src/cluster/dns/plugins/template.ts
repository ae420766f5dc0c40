import type { DnsCode, DnsRecord, DnsType } from '../../network/dns-message.ts';
import type { Dispenser } from '../../../model/corefile/dispenser.ts';
import { dotted, isCode, normalName, replyTo, zoneOf } from '../messages.ts';
import { NO_FALLTHROUGH, type DnsRequest, type Fallthrough, type Setup } from '../plugin.ts';
import { fallthroughOf, goRegExp, QUERY_TYPES, zonesOr } from './common.ts';

const CLASSES = new Set(['IN', 'CH', 'CS', 'HS', 'NONE', 'ANY']);

interface Facts {
  readonly Name: string;
  readonly Zone: string;
  readonly Class: string;
  readonly Type: string;
  readonly Remote: string;
  readonly Match: readonly string[];
  readonly Group: Readonly<Record<string, string>>;
}

type Text = (facts: Facts) => string;

interface Template {
  readonly zones: readonly string[];
  readonly class: string;
  readonly type: string;
  patterns: RegExp[];
  readonly answers: Text[];
  readonly additional: Text[];
  readonly authority: Text[];
  code: DnsCode;
  fall: Fallthrough;
}

/** Answers that are made from the question. https://coredns.io/plugins/template/ */
export const template: Setup = ({ tokens, block, instance }) => {
  const templates: Template[] = [];
  while (tokens.next()) templates.push(parse(tokens, block.zones));
  return {
    name: 'template',
    serve: (request, next, done) => {
      for (const one of templates) {
        const facts = factsFor(one, request);
        if (facts === 'no match') continue;
        if (facts === 'next plugin') {
          next(request, done);
          return;
        }
        instance.metrics.add('coredns_template_matches_total', {
          server: block.server,
          zone: facts.Zone,
          view: '',
          class: one.class,
          type: request.type,
        });
        try {
          const records = (texts: readonly Text[]): DnsRecord[] =>
            texts.map((text) => parseRecord(text(facts)));
          const answer = replyTo(request.query, {
            code: one.code,
            answers: records(one.answers),
            additional: records(one.additional),
            authority: records(one.authority),
            authoritative: true,
          });
          done({ answer });
        } catch (error) {
          done({ code: 'SERVFAIL', error: (error as Error).message });
        }
        return;
      }
      next(request, done);
    },
  };
};

/** Does a template answer a request? A name that no pattern fits goes on only with `fallthrough`. */
function factsFor(one: Template, request: DnsRequest): Facts | 'no match' | 'next plugin' {
  const zone = zoneOf(request.name, one.zones);
  if (zone === undefined) return 'no match';
  if (one.type !== 'ANY' && one.type !== request.type) return 'no match';
  for (const pattern of one.patterns) {
    const found = pattern.exec(dotted(request.name));
    if (found === null) continue;
    return {
      Name: dotted(request.name),
      Zone: dotted(zone),
      Class: 'IN',
      Type: request.type,
      Remote: request.from.ip,
      Match: [...found].map((part) => part),
      Group: { ...Object.fromEntries([...found].entries()), ...found.groups },
    };
  }
  return one.fall.through(request.name) ? 'no match' : 'next plugin';
}

function parse(tokens: Dispenser, blockZones: readonly string[]): Template {
  const className = tokens.argument();
  if (!CLASSES.has(className)) throw tokens.error(`invalid query class ${className}`);
  const type = tokens.argument();
  if (!QUERY_TYPES.has(type)) throw tokens.error(`invalid RR class ${type}`);
  const result: Template = {
    zones: zonesOr(tokens.remaining(), blockZones),
    class: className,
    type,
    patterns: [],
    answers: [],
    additional: [],
    authority: [],
    code: 'NOERROR',
    fall: NO_FALLTHROUGH,
  };
  while (tokens.nextInBlock()) {
    const property = PROPERTIES[tokens.value];
    if (property === undefined) throw tokens.argumentError();
    property(result, tokens.remaining(), tokens);
  }
  if (result.patterns.length === 0) result.patterns = [/.*/];
  return result;
}

type Property = (template: Template, words: readonly string[], tokens: Dispenser) => void;

const recordsProperty =
  (kind: 'answer' | 'additional' | 'authority'): Property =>
  (template, words, tokens) => {
    if (words.length === 0) throw tokens.argumentError();
    const list = kind === 'answer' ? template.answers : template[kind];
    list.push(...words.map((word) => compile(tokens, kind, word)));
  };

const PROPERTIES: Readonly<Record<string, Property>> = {
  match: (template, words, tokens) => {
    if (words.length === 0) throw tokens.argumentError();
    template.patterns.push(...words.map((word) => patternOf(tokens, word)));
  },
  answer: recordsProperty('answer'),
  additional: recordsProperty('additional'),
  authority: recordsProperty('authority'),
  rcode: (template, [word, ...more], tokens) => {
    if (word === undefined || more.length > 0) throw tokens.argumentError();
    template.code = codeOf(tokens, word);
  },
  fallthrough: (template, words) => {
    template.fall = fallthroughOf(words);
  },
  ederror: () => {},
  upstream: () => {},
};

function codeOf(tokens: Dispenser, word: string): DnsCode {
  if (!isCode(word)) throw tokens.error(`unknown rcode ${word}`);
  return word;
}

function patternOf(tokens: Dispenser, source: string): RegExp {
  try {
    return goRegExp(source);
  } catch {
    throw tokens.error(`could not parse regex: ${source}, error parsing regexp: ${regexpProblem(source)}`);
  }
}

/** Go's words for what is most often wrong with a pattern. */
function regexpProblem(source: string): string {
  const depth = source
    .replace(/\\./g, '')
    .split('')
    .reduce((sum, char) => sum + (char === '(' ? 1 : char === ')' ? -1 : 0), 0);
  if (depth > 0) return `missing closing ): \`${source}\``;
  if (depth < 0) return `unexpected ): \`${source}\``;
  if (/\[[^\]]*$/.test(source)) return `missing closing ]: \`${source.slice(source.lastIndexOf('['))}\``;
  const repeated = /(^|[(|])([*+?])/.exec(source);
  if (repeated !== null) return `missing argument to repetition operator: \`${repeated[2] ?? ''}\``;
  return `invalid or unsupported Perl syntax: \`${source}\``;
}

/** Compiles the part of Go's templates that records need: fields, `index .Match n`, plain text. */
function compile(tokens: Dispenser, kind: string, source: string): Text {
  const fail = (problem: string): Error =>
    tokens.error(`could not compile template: ${source}, template: ${kind}:1: ${problem}`);
  const parts: Text[] = [];
  let rest = source;
  for (let open = rest.indexOf('{{'); open >= 0; open = rest.indexOf('{{')) {
    const close = rest.indexOf('}}', open);
    if (close < 0) throw fail('unclosed action');
    const before = rest.slice(0, open);
    const action = rest.slice(open + 2, close).trim();
    parts.push(() => before, actionOf(action, kind, fail));
    rest = rest.slice(close + 2);
  }
  const after = rest;
  parts.push(() => after);
  return (facts) => parts.map((part) => part(facts)).join('');
}

function actionOf(action: string, kind: string, fail: (problem: string) => Error): Text {
  if (action === '') throw fail('missing value for command');
  const group = /^\.Group\.(\w+)$/.exec(action);
  if (group !== null) return (facts) => facts.Group[group[1] ?? ''] ?? '<no value>';
  const index = /^index \.Match (\d+)$/.exec(action) ?? /^\.Match\.(\d+)$/.exec(action);
  if (index !== null) return (facts) => facts.Match[Number(index[1])] ?? '';
  const field = /^\.(\w+)$/.exec(action);
  if (field !== null) {
    const name = field[1] ?? '';
    return (facts) => {
      const value = (facts as unknown as Readonly<Record<string, unknown>>)[name];
      if (typeof value === 'string') return value;
      throw new Error(
        `template: ${kind}:1:3: executing "${kind}" at <.${name}>: can't evaluate field ${name} in type *template.templateData`,
      );
    };
  }
  const called = /^([a-zA-Z_]\w*)/.exec(action);
  if (called !== null && called[1] !== 'index' && called[1] !== 'parseInt') {
    throw fail(`function ${JSON.stringify(called[1])} not defined`);
  }
  throw fail(`unexpected ${JSON.stringify(action)} in operand`);
}

/** A record as a zone file writes it: `name ttl IN A 10.0.0.1`. @throws Error like the DNS library's */
function parseRecord(text: string): DnsRecord {
  const match = /^(\S+)\s+(?:(\d+)\s+)?(?:IN\s+)?(?:(\d+)\s+)?([A-Z][A-Z0-9-]*)\s+(.+)$/.exec(text.trim());
  const type = match?.[4] ?? '';
  if (match === null || !QUERY_TYPES.has(type))
    throw new Error(`dns: not a TTL: ${JSON.stringify(text.split(/\s+/)[1] ?? text)} at line: 1:0`);
  const [, name = '', first, second, , data = ''] = match;
  if (type === 'A' && !/^\d+\.\d+\.\d+\.\d+$/.test(data))
    throw new Error(`dns: bad A A: ${JSON.stringify(data)} at line: 1:0`);
  return { name: normalName(name), type: type as DnsType, ttl: Number(first ?? second ?? 3600), data };
}
