import { ParseError } from '../../../src/model/parse-error.ts';
import {
  addQuantities,
  bytesOf,
  canonicalQuantity,
  compareQuantities,
  millicoresOf,
  subtractQuantities,
} from '../../../src/model/quantity.ts';
import { texts } from '../inputs.ts';
import { mustHold, reader, unlessRefused } from '../reader.ts';

export const quantities = reader<string>({
  name: 'quantities',
  reads: 'quantities (`1Gi`, `500m`, `1e3`)',
  inputs: texts({
    corpus: [
      '0',
      '1',
      '500m',
      '1Gi',
      '1.5Gi',
      '0.1',
      '100n',
      '1e3',
      '1E6',
      '+5',
      '-1k',
      '12e-3',
      '9223372036854775807',
      '1e999',
    ],
    words: [
      '.',
      '-',
      '+',
      'e',
      'E',
      'Ki',
      'Mi',
      'Ei',
      'm',
      'u',
      'n',
      'k',
      'P',
      '0',
      '9',
      '999999999',
      '00000',
      ' ',
    ],
  }),
  tested: 250,
  open: () => (text) => {
    const canonical = unlessRefused(() => canonicalQuantity(text), ParseError);
    if (canonical === undefined) return;
    mustHold(canonical.length <= 1100, 'what is printed is not much longer than what can be written');
    mustHold(canonicalQuantity(canonical) === canonical, 'a canonical quantity is its own canonical form');
    mustHold(compareQuantities(text, text) === 0, 'a quantity is as much as itself');
    mustHold(canonicalQuantity(subtractQuantities(text, text)) === '0', 'taken from itself nothing is left');
    addQuantities(text, '1', canonical);
    bytesOf(text);
    millicoresOf(text);
  },
});
