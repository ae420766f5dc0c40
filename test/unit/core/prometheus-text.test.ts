import { expect, test } from '@jest/globals';
import { prometheusText } from '../../../src/core/prometheus-text.ts';

test('a family has its help, its type and a line a sample; one without samples is left out', () => {
  const text = prometheusText([
    {
      name: 'requests_total',
      help: 'What came.',
      type: 'counter',
      samples: [
        { labels: { verb: 'GET', code: '200' }, value: 3 },
        { labels: {}, value: 12_500_000, at: 1000 },
      ],
    },
    { name: 'nothing', help: 'Nothing.', type: 'gauge', samples: [] },
  ]);
  expect(text).toBe(
    [
      '# HELP requests_total What came.',
      '# TYPE requests_total counter',
      'requests_total{code="200",verb="GET"} 3',
      'requests_total 1.25e+07 1000',
      '',
    ].join('\n'),
  );
});
