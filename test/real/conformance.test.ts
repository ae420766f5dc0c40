import { jest } from '@jest/globals';
import { kindProvider } from '../../src/providers/kind/provider.ts';
import { conformance } from '../conformance/suite.ts';
import { describeReal } from './kind.ts';

jest.setTimeout(300_000);

describeReal('a kind cluster', () => {
  conformance(kindProvider(), 'conformance');
});
