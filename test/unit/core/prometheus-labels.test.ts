import { expect, test } from '@jest/globals';
import { prometheusLabels } from '../../../src/core/prometheus-labels.ts';

test('labels are written by name, quoted, what follows them last; none are nothing', () => {
  expect(prometheusLabels({})).toBe('');
  expect(prometheusLabels({ pod: 'a', container: 'x"\\' })).toBe(String.raw`{container="x\"\\",pod="a"}`);
  expect(prometheusLabels({ pod: 'a' }, 'le="+Inf"')).toBe('{pod="a",le="+Inf"}');
});
