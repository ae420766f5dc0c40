import { labelKeyProblems, labelValueProblems } from '../../../../model/label-syntax.ts';
import { asPrefix, label1035Problems, labelProblems, subdomainProblems } from '../../validation/formats.ts';
import { define, method, type Overload } from '../library.ts';
import { Opaque, Optional } from '../values.ts';
import { uriProblem } from './urls.ts';

const FORMAT = 'kubernetes.NamedFormat';

type Problems = (text: string) => readonly string[];

class Format extends Opaque {
  readonly type = FORMAT;
  readonly name: string;
  readonly problems: Problems;

  constructor(name: string, problems: Problems) {
    super();
    this.name = name;
    this.problems = problems;
  }

  override equals(other: Opaque): boolean {
    return other instanceof Format && other.name === this.name;
  }
}

const prefixed =
  (problems: Problems): Problems =>
  (text) =>
    problems(asPrefix(text));

const matching =
  (pattern: RegExp, problem: string): Problems =>
  (text) =>
    pattern.test(text) ? [] : [problem];

const FORMATS: readonly Format[] = Object.entries<Problems>({
  dns1123Label: labelProblems,
  dns1123Subdomain: subdomainProblems,
  dns1035Label: label1035Problems,
  qualifiedName: labelKeyProblems,
  dns1123LabelPrefix: prefixed(labelProblems),
  dns1123SubdomainPrefix: prefixed(subdomainProblems),
  dns1035LabelPrefix: prefixed(label1035Problems),
  labelValue: labelValueProblems,
  uri: (text) => {
    const problem = uriProblem(text);
    return problem === undefined ? [] : [problem];
  },
  uuid: matching(
    /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
    'does not match the UUID format',
  ),
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64'),
  date: matching(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, 'invalid date'),
  datetime: matching(
    /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[-+]\d{2}:\d{2})$/,
    'invalid datetime',
  ),
}).map(([name, problems]) => new Format(name, problems));

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-format-library */
export const namedFormats: readonly Overload[] = [
  ...FORMATS.map((format) => define(`format.${format.name}`, [], FORMAT, () => format)),
  define<[string]>('format.named', ['string'], `optional_type(${FORMAT})`, (name) => {
    const found = FORMATS.find((format) => format.name === name);
    return found === undefined ? Optional.none : new Optional(found);
  }),
  method<[Format, string]>(
    FORMAT,
    'validate',
    ['string'],
    'optional_type(list(string))',
    (format, text, running) => {
      running.spend(text.length);
      const problems = format.problems(text);
      return problems.length === 0 ? Optional.none : new Optional(problems);
    },
  ),
];
