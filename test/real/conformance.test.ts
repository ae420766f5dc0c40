import { expect, jest } from '@jest/globals';
import { kindProvider } from '../../src/providers/kind/provider.ts';
import { BUSYBOX } from '../conformance/ground.ts';
import { conformance } from '../conformance/suite.ts';
import { run } from '../helpers/processes.ts';
import { describeReal } from './kind.ts';

jest.setTimeout(420_000);

describeReal('a kind cluster', () => {
  conformance(kindProvider(), 'conformance', async ({ ref }) => {
    const args = ['load', 'docker-image', BUSYBOX, '--name', String(ref['cluster'])];
    const { PATH, HOME } = process.env;
    expect(await run('kind', args, { env: { PATH, HOME } })).toMatchObject({ code: 0 });
  });
});
