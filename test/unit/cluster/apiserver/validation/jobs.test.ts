import { expect, test } from '@jest/globals';
import { checkJobUpdate } from '../../../../../src/cluster/apiserver/validation/jobs.ts';
import { Problems } from '../../../../../src/cluster/apiserver/validation/problems.ts';
import type { Job } from '../../../../../src/model/objects.ts';

const job = (labels: Record<string, string>): Job =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'shop' },
    spec: {
      parallelism: 1,
      completions: 1,
      completionMode: 'NonIndexed',
      selector: { matchLabels: { job: 'j' } },
      template: {
        metadata: { labels },
        spec: { restartPolicy: 'Never', containers: [{ name: 'j', image: 'busybox:1.37' }] },
      },
    },
    status: {},
  }) as unknown as Job;

test('a template that changes is shown as a whole, its labels by name', () => {
  const problems = new Problems();
  checkJobUpdate(problems, job({ job: 'j', a: 'b' }), job({ job: 'j' }));
  const [found] = problems.list.filter(({ field }) => field === 'spec.template');
  expect(found?.detail).toMatch(
    /^Invalid value: \{"labels":\{"a":"b","job":"j"\},"Spec":\{"Volumes":null,.*\}\}: field is immutable$/,
  );
});
