import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { html } from '../../../src/report/html/page.ts';
import { reportOf } from '../../../src/report/summary.ts';
import { hostileJournal } from '../../helpers/journals.ts';

/** The page without its style, of which nothing comes from the cluster. */
const pageOf = (text: string): string =>
  html(reportOf(text, hostileJournal(text))).replace(/<style>.*<\/style>/s, '');

const ELEMENTS = [
  'html head meta title body header footer section h1 h2 h3 p b span code time ul ol li dl dt dd div del ins',
  'svg g rect',
]
  .join(' ')
  .split(' ')
  .join('|');
const TAG = new RegExp(`<(/?)(${ELEMENTS})((?: [a-zA-Z:-]+="[^"<]*")*)(/?)>`, 'g');

/** What is left of a page without its own elements; an attribute that runs or loads something is foreign as well. */
function foreign(page: string): string {
  const rest = page.replace('<!doctype html>', '').replaceAll(TAG, (tag, ...groups: string[]) => {
    const names = [...(groups[2] ?? '').matchAll(/ ([a-zA-Z:-]+)="/g)].map(([, name]) => name);
    return names.some((name) => FOREIGN.test(name ?? '')) ? tag : '';
  });
  return rest.replaceAll(/[^<>]/g, '') + (/&(?!(?:amp|lt|gt|quot|apos);)/.exec(rest)?.[0] ?? '');
}

const FOREIGN = /^(?:on.*|style|href|src|xlink:href)$/;

describe('report.html', () => {
  test('has the ticket, the checks, the traffic, what changed, the diagnosis and the hints', () => {
    const page = pageOf('refunds');
    for (const heading of ['Ticket', 'Checks', 'Traffic and probes', 'Timeline', 'Diagnosis', 'Hints']) {
      expect(page).toContain(`<h2>${heading}</h2>`);
    }
    expect(page).toContain('could not be judged');
    expect(page).toContain('<del>refunds</del><ins>refunds</ins>');
    expect(page).toContain('aria-label="refunds → GET refunds: 91 of 101 as it should be"');
    expect(page).toContain('+1 min 00 s');
  });

  test('of a lab that was never handed over is a page as well', () => {
    const page = html(reportOf('x', []));
    expect(page).toContain('never handed over');
    expect(page).not.toContain('<h2>');
  });

  test.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '</title></style><svg onload=alert(1)>',
    '&lt;b&gt;',
    '${1}',
  ])('%s is text wherever it stands', (text) => {
    const page = pageOf(text);
    expect(foreign(page)).toBe('');
    expect(page).not.toContain('<script');
    expect(page).not.toContain('<img');
  });

  test('nothing of the cluster becomes an element or an attribute', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", '=', '/', 'a', ' ', '\n', '\u0000') }),
    );
    fc.assert(fc.property(texts, (text) => expect(foreign(pageOf(text))).toBe('')));
  });

  test('a look too short to be seen still has a bar, and a window fills its time', () => {
    const widths = [...pageOf('x').matchAll(/<rect [^>]*x="([\d.]+)"[^>]* width="([\d.]+)"/g)].map(
      ([, x, width]) => [Number(x), Number(width)],
    );
    // Healthy; then of the grade: one look, a window with failures in it (twice), a later single look.
    expect(widths).toEqual([
      [0, 1000],
      [0, 8],
      [100, 900],
      [100, 900],
    ]);
  });
});
