import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { packageRoot } from '../../../src/core/package-root.ts';
import { CaseError, loadCases, readCases } from '../../parity/case.ts';

describe('a case', () => {
  test('with everything that one can say', () => {
    const text = `
title: A pod
alone: true
control: pods/healthy
nodes: 3
needs: [helm]
files: { pod.yaml: "kind: Pod" }
steps:
  - kubectl apply -f pod.yaml
  - { until: kubectl get pod, is: Running, within: 2m }
  - { until: kubectl get pod -o name, is: 3 }
  - { sh: kubectl get pod -w, timeout: 20s, sort: true, quiet: true }
  - pass: 500ms
finally: [kubectl delete pod]
`;
    expect(readCases('pods/one', text)).toEqual([
      {
        id: 'pods/one',
        title: 'A pod',
        alone: true,
        control: 'pods/healthy',
        nodes: 3,
        kubectl: '1.36',
        needs: ['helm'],
        files: { 'pod.yaml': 'kind: Pod' },
        steps: [
          { kind: 'sh', command: 'kubectl apply -f pod.yaml', sort: false, quiet: false },
          { kind: 'until', command: 'kubectl get pod', is: /^(?:Running)$/s, within: 120_000 },
          { kind: 'until', command: 'kubectl get pod -o name', is: /^(?:3)$/s, within: 120_000 },
          { kind: 'sh', command: 'kubectl get pod -w', timeout: 20_000, sort: true, quiet: true },
          { kind: 'pass', time: 500 },
        ],
        finally: ['kubectl delete pod'],
      },
    ]);
  });

  test('for several releases of kubectl is one case for each', () => {
    const cases = readCases('pods/one', 'title: A\nkubectl: ["1.32", "1.36"]\nsteps: [a]');
    expect(cases.map(({ id, kubectl }) => [id, kubectl])).toEqual([
      ['pods/one-1-32', '1.32'],
      ['pods/one-1-36', '1.36'],
    ]);
  });

  test.each([
    ['pods', 'title: A\nsteps: [a]', 'a case is <area>/<name>.yaml'],
    ['a/b', 'title: A', 'it has no steps'],
    ['a/b', 'steps: [a]', 'title is missing'],
    ['a/b', 'title: A\nstep: [a]', 'step is not known here'],
    ['a/b', 'title: A\nsteps: [{ until: a }]', 'step 1: is is missing'],
    ['a/b', 'title: A\nsteps: [{ until: a, is: "(" }]', 'is no regular expression'],
    ['a/b', 'title: A\nsteps: [{ sh: a, timeout: 20 }]', 'timeout: a string is expected'],
    ['a/b', 'title: A\nsteps: [{ sh: a, timeout: 20h }]', '20h is no duration'],
    ['a/b', 'title: A\nsteps: [{ sh: a, is: b }]', 'is is not known here'],
    ['a/b', 'title: A\nsteps: [a]\nfiles: { a: 1 }', 'files: a is no text'],
    ['a/b', 'title: A\nsteps: [a]\nneeds: [1]', 'needs: a list of texts'],
    ['a/b', 'title: {', 'a/b: '],
  ])('%s: %j is refused', (id, text, message) => {
    expect(() => readCases(id, text)).toThrow(CaseError);
    expect(() => readCases(id, text)).toThrow(message);
  });
});

test('every case of the repository can be read', () => {
  expect(loadCases(join(packageRoot, 'test/parity/cases')).length).toBeGreaterThan(0);
});
