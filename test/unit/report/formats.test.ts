import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JournalEntry } from '../../../src/report/journal.ts';
import { escapeXml, junit } from '../../../src/report/junit.ts';
import { markdown } from '../../../src/report/markdown.ts';
import { reporters } from '../../../src/report/reporters.ts';
import { type LabReport, reportOf } from '../../../src/report/summary.ts';
import { writeReports } from '../../../src/report/write.ts';

const time = '2026-03-01T10:00:00.000Z';

function report(seen = 'mode is bad'): LabReport {
  const part = { title: 'The mode is right', expected: 'mode is good', tookMs: 1500 };
  const entries: JournalEntry[] = [
    { time, type: 'planned', incident: 'INC-9100', seed: 7, provider: 'embedded' },
    { time, type: 'handed-over' },
    { time, type: 'hint', number: 1, price: 5, text: seen },
    {
      time,
      type: 'changed',
      changes: [{ object: 'shop/configmap/settings', field: 'data.mode', before: 'bad', after: seen }],
    },
    {
      time,
      type: 'graded',
      verdict: 'error',
      points: 0,
      most: 100,
      hintPrice: 0,
      objectives: [
        { ...part, id: 'mode', status: 'fail', points: 60, seen },
        { ...part, id: 'level', status: 'pass', points: 40, seen: 'fine' },
      ],
      safeguards: [{ ...part, id: 'same-map', status: 'error', price: 'veto', seen }],
      onCopy: false,
      tookMs: 1500,
    },
  ];
  return reportOf('inc-9100', entries);
}

/** Whether a document of elements, attributes and text is well-formed XML 1.0; enough for what we write. */
function wellFormed(xml: string): boolean {
  const body = xml.replace('<?xml version="1.0" encoding="UTF-8"?>\n', '');
  // eslint-disable-next-line no-control-regex -- what XML 1.0 forbids
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u.test(body)) return false;
  const tag = /<(\/?)([a-z]+)((?: [a-z]+="[^"<&]*(?:&(?:amp|lt|gt|quot|apos);[^"<&]*)*")*)(\/?)>/g;
  const open: string[] = [];
  const rest = body.replaceAll(tag, (_all, closes: string, name: string, _attributes, empty: string) => {
    if (closes === '/') return open.pop() === name ? '' : '<';
    if (empty === '') open.push(name);
    return '';
  });
  return open.length === 0 && !/[<>]|&(?!(?:amp|lt|gt|quot|apos);)/.test(rest);
}

describe('junit', () => {
  test('has a case for each part, with counts', () => {
    const xml = junit(report());
    expect(wellFormed(xml)).toBe(true);
    expect(xml).toContain(
      '<testsuites name="breakfix" tests="3" failures="1" errors="1" skipped="0" time="4.500">',
    );
    expect(xml).toContain(
      '<testcase classname="INC-9100.objective" name="mode: The mode is right (60 points)" time="1.500">',
    );
    expect(xml).toContain(
      '<failure message="mode is bad">expected: mode is good\nlast seen: mode is bad</failure>',
    );
    expect(xml).toContain('<error message="mode is bad">');
    expect(xml).toContain('name="same-map: The mode is right (veto)"');
  });

  test('a lab that was not graded is skipped', () => {
    const xml = junit(reportOf('x', []));
    expect(wellFormed(xml)).toBe(true);
    expect(xml).toContain('tests="1" failures="0" errors="0" skipped="1"');
    expect(xml).toContain('<skipped message="no grade counts: ungraded"/>');
  });

  test('is well-formed whatever the cluster says', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('<', '&', '"', "'", ']]>', '\u0000', '\u001b[31m', '\ud800', '\uffff', '\n'),
      }),
    );
    fc.assert(
      fc.property(texts, (seen) => {
        expect(wellFormed(junit(report(seen)))).toBe(true);
      }),
    );
  });
});

describe('escapeXml', () => {
  test.each([
    ['a < b && c > "d"', 'a &lt; b &amp;&amp; c &gt; &quot;d&quot;'],
    ["it's", 'it&apos;s'],
    ['bell\u0007', 'bell\uFFFD'],
    ['half \ud83d', 'half \uFFFD'],
    ['whole \u{1F600}\ttab', 'whole \u{1F600}\ttab'],
  ])('%j', (text, escaped) => expect(escapeXml(text)).toBe(escaped));
});

describe('markdown', () => {
  test('is a page with the checks, hints and changes', () => {
    const page = markdown(report());
    expect(page).toMatch(/^# INC-9100: could not be judged, 0 of 100 points\n/);
    expect(page).toContain(
      '| ✗ | The mode is right | 0/60 | expected mode is good; last seen: mode is bad |',
    );
    expect(page).toContain('## Hints');
    expect(page).toContain('| shop/configmap/settings | data.mode | bad | mode is bad |');
  });

  test('text of the cluster cannot break the tables', () => {
    const page = markdown(report('a | b\n<script>*x*'));
    for (const line of page.split('\n').filter((one) => one.startsWith('| ✗'))) {
      expect(line.replaceAll('\\|', '').match(/\|/g)).toHaveLength(5);
    }
    expect(page).not.toContain('<script>');
    expect(page).not.toMatch(/[^\\]<script/);
  });
});

describe('writing reports', () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakfix-reports-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const journal = join(folder, 'journal.jsonl');
  writeFileSync(journal, '{}\n');

  test('every format, and a copy of the journal', () => {
    const out = join(folder, 'all');
    const { written, failed } = writeReports(report(), reporters, { folder: out, journal });
    expect(failed).toEqual([]);
    expect(written).toEqual(
      ['report.json', 'report.md', 'report.html', 'junit.xml', 'classroom.json', 'journal.jsonl'].map(
        (file) => join(out, file),
      ),
    );
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toEqual(report());
  });

  test('a reporter that throws spoils only its own file', () => {
    const out = join(folder, 'broken');
    const broken = {
      file: 'broken.txt',
      render: () => {
        throw new Error('no ink');
      },
    };
    const before = report();
    const { written, failed } = writeReports(before, { broken, md: reporters.md }, { folder: out, journal });
    expect(failed).toEqual(['broken: no ink']);
    expect(written).toEqual([join(out, 'report.md'), join(out, 'journal.jsonl')]);
    expect(existsSync(join(out, 'broken.txt'))).toBe(false);
    expect(before).toEqual(report());
  });

  test('a folder that cannot be made is told for every file', () => {
    const { written, failed } = writeReports(report(), reporters, { folder: join(journal, 'x'), journal });
    expect(written).toEqual([]);
    expect(failed).toHaveLength(6);
  });
});
