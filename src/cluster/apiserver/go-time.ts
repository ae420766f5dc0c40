/** A part of RFC 3339: what it looks like, its name in Go's layouts, and the largest number that it may be. */
interface TimePart {
  readonly pattern: RegExp;
  readonly layout: string;
  readonly range?: { readonly name: string; readonly least: number; readonly most: number };
}

const TWO_DIGITS = /^[0-9]{2}/;
const TIME_PARTS: readonly TimePart[] = [
  { pattern: /^[0-9]{4}/, layout: '2006' },
  { pattern: /^-/, layout: '-' },
  { pattern: TWO_DIGITS, layout: '01', range: { name: 'month', least: 1, most: 12 } },
  { pattern: /^-/, layout: '-' },
  { pattern: TWO_DIGITS, layout: '02' },
  { pattern: /^T/, layout: 'T' },
  { pattern: TWO_DIGITS, layout: '15', range: { name: 'hour', least: 0, most: 23 } },
  { pattern: /^:/, layout: ':' },
  { pattern: TWO_DIGITS, layout: '04', range: { name: 'minute', least: 0, most: 59 } },
  { pattern: /^:/, layout: ':' },
  {
    pattern: /^[0-9]{2}(?:[.,][0-9]+)?/,
    layout: '05',
    range: { name: 'second', least: 0, most: 59 },
  },
  { pattern: /^(?:Z|[-+][0-9]{2}:[0-9]{2})/, layout: 'Z07:00' },
];

/**
 * What Go's parser says of a text that is no point in time of RFC 3339; undefined for one that is.
 * https://pkg.go.dev/time#Parse
 * @param fraction what the layout has after the seconds: nothing, or `.000000`
 */
export function timeProblem(text: string, fraction = ''): string | undefined {
  const parsing = `parsing time ${JSON.stringify(text)}`;
  let rest = text;
  for (const { pattern, layout, range } of TIME_PARTS) {
    const match = pattern.exec(rest);
    if (match === null) {
      return `${parsing} as "2006-01-02T15:04:05${fraction}Z07:00": cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(layout)}`;
    }
    const number = parseInt(match[0], 10);
    if (range !== undefined && (number < range.least || number > range.most)) {
      return `${parsing}: ${range.name} out of range`;
    }
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') return `${parsing}: extra text: ${JSON.stringify(rest)}`;
  return isDayOfItsMonth(text) ? undefined : `${parsing}: day out of range`;
}

function isDayOfItsMonth(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  return day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
