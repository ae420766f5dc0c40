import { ParseError } from '../../../src/model/parse-error.ts';
import {
  formatRequirements,
  matchesRequirements,
  parseFieldSelector,
  parseLabelSelector,
} from '../../../src/model/selector.ts';
import { texts } from '../inputs.ts';
import { mustHold, reader, unlessRefused } from '../reader.ts';

const LABELS = { app: 'web', tier: 'front', n: '5', 'example.com/a': '' };

export const labelSelectors = reader<string>({
  name: 'label-selectors',
  reads: '`labelSelector` of a query',
  inputs: texts({
    corpus: [
      'app=web',
      'app==web,tier!=front',
      'tier in (front,back),!old',
      'a notin (b, c)',
      'n>4,n<6',
      'example.com/a',
      '!x',
      'a in ()',
    ],
    words: [
      ',',
      '=',
      '==',
      '!=',
      '!',
      '(',
      ')',
      ' in ',
      ' notin ',
      '<',
      '>',
      'app',
      'n',
      '5',
      '-5',
      ' ',
      'example.com/',
      '/',
      '.',
    ],
  }),
  tested: 250,
  open: () => (text) => {
    const requirements = unlessRefused(() => parseLabelSelector(text), ParseError);
    if (requirements === undefined) return;
    const matches = matchesRequirements(requirements, LABELS);
    const again = parseLabelSelector(formatRequirements(requirements));
    mustHold(matchesRequirements(again, LABELS) === matches, 'what is printed selects the same');
  },
});

export const fieldSelectors = reader<string>({
  name: 'field-selectors',
  reads: '`fieldSelector` of a query',
  inputs: texts({
    corpus: [
      'metadata.name=web',
      'status.phase!=Running,spec.nodeName==worker',
      'metadata.name=a\\,b',
      'a=b\\=c\\\\',
    ],
    words: [',', '=', '==', '!=', '\\', '\\,', '\\=', 'metadata.name', 'status.phase', '\n', '.'],
  }),
  tested: 250,
  open: () => (text) => unlessRefused(() => parseFieldSelector(text), ParseError),
});
