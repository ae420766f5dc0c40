import { describe, expect, test } from '@jest/globals';
import { mergedJunit, readJunit } from '../../../../tools/conformance/junit.ts';
import { conformancePage } from '../../../../tools/conformance/page.ts';

const XML = `<testsuites><testsuite>
<testcase name="[It] [sig-apps] Job a &amp; b [Conformance] [sig-apps, Conformance]" classname="x" status="passed" time="12.4"></testcase>
<testcase name="[It] [sig-apps] Job c [Conformance] [sig-apps, Conformance]" classname="x" status="failed" time="1.6">
<failure message="" type="failed">[FAILED] Expected&#xA;&lt;int&gt;: 1</failure></testcase>
<testcase name="[It] [sig-node] Pods d [Conformance] [sig-node, Conformance]" classname="x" status="skipped" time="0"><skipped message="s"></skipped></testcase>
<testcase name="[SynchronizedBeforeSuite]" classname="x" status="passed" time="1"></testcase>
</testsuite></testsuites>`;

describe('reports of the suite', () => {
  const results = readJunit(XML);

  test('give what ran, under the names that tests have', () => {
    expect([...results]).toEqual([
      ['[sig-apps] Job a & b [Conformance]', { status: 'passed', seconds: 12 }],
      ['[sig-apps] Job c [Conformance]', { status: 'failed', seconds: 2, message: 'Expected\n<int>: 1' }],
    ]);
  });

  const names = [...results.keys(), '[sig-node] Pods d [Conformance]'];

  test('are merged into one of all tests', () => {
    const merged = mergedJunit(names, results);
    expect(merged).toContain('tests="3" failures="1" skipped="1"');
    expect(merged).toContain('message="Expected&#xA;&lt;int&gt;: 1"');
  });

  test('become a page with totals and reasons', () => {
    const page = conformancePage(names, results);
    expect(page).toContain('**1 of 3 pass.**');
    expect(page).toContain('| sig-apps | 2 | 1 |');
    expect(page).toContain('| [sig-apps] Job c | differs | Expected |');
    expect(page).toContain('| [sig-node] Pods d | not run | not run |');
  });
});
