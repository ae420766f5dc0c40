import { describe, jest } from '@jest/globals';
import { embeddedProvider } from '../../src/providers/embedded/provider.ts';
import { conformance } from './suite.ts';

jest.setTimeout(120_000);

describe('the embedded cluster', () => {
  conformance(embeddedProvider({ version: 'conformance', labCommand: [], mode: 'local' }), 'conformance');
});
