import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { html } from '../../src/report/html/page.ts';
import { reportOf } from '../../src/report/summary.ts';
import { Chromium, type Look, noChromium } from '../helpers/chromium.ts';
import { hostileJournal } from '../helpers/journals.ts';

/** How a report looks in a browser. */
jest.setTimeout(120_000);

const LOOKS: Look[] = [
  { width: 400, scheme: 'light' },
  { width: 1200, scheme: 'dark' },
];

const HOSTILE = '"><img src=http://elsewhere.invalid/x onerror=alert(1)><script>alert(2)</script>';

const here = noChromium === undefined ? '' : ` (skipped: ${noChromium})`;

(noChromium === undefined ? describe : describe.skip)(`report.html in Chromium${here}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakfix-html-'));
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await Chromium.start();
  });
  afterAll(async () => {
    await chromium[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const write = (text: string): string => {
    const path = join(folder, 'report.html');
    writeFileSync(path, html(reportOf('inc-2041', hostileJournal(text))));
    return pathToFileURL(path).href;
  };

  test.each([
    ['plain words', 'refunds'],
    ['hostile markup', HOSTILE],
    ['one word without an end', 'x'.repeat(3000)],
    ['a Corefile', '.:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n'.repeat(40)],
  ])('with %s: no complaint, no request, nothing beside the screen', async (_name, text) => {
    const url = write(text);
    for (const look of LOOKS) {
      const page = await chromium.open(url, look);
      expect(page.complaints).toEqual([]);
      expect(page.requests).toEqual([url]);
      expect(await page.evaluate('document.scripts.length + document.images.length')).toBe(0);
      const beside = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(beside)).toBe(0);
    }
  });

  test('light and dark follow the reader', async () => {
    const url = write('refunds');
    const colour = 'getComputedStyle(document.body).backgroundColor';
    const light = await (await chromium.open(url, { width: 400, scheme: 'light' })).evaluate(colour);
    const dark = await (await chromium.open(url, { width: 400, scheme: 'dark' })).evaluate(colour);
    expect([light, dark]).toEqual(['rgb(246, 247, 249)', 'rgb(18, 22, 28)']);
  });

  test('the lanes of the traffic have bars that can be seen', async () => {
    const page = await chromium.open(write('refunds'), { width: 400, scheme: 'light' });
    const widths = await page.evaluate(
      '[...document.querySelectorAll("svg rect")].map((one) => Math.round(one.getBoundingClientRect().width))',
    );
    expect(widths).toHaveLength(4);
    for (const width of widths as number[]) expect(width).toBeGreaterThanOrEqual(2);
  });

  test('what a page complains about would be noticed', async () => {
    const path = join(folder, 'bad.html');
    writeFileSync(
      path,
      '<script>console.error("x")</script><p style="width:2000px">wide<img src="gone.png">',
    );
    const page = await chromium.open(pathToFileURL(path).href, { width: 400, scheme: 'light' });
    expect(page.complaints.length).toBeGreaterThan(0);
    expect(page.requests).toHaveLength(2);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeGreaterThan(400);
  });
});
