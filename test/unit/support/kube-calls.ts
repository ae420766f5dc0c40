import { KubeError, type KubeClient } from '../../../src/kube/client.ts';
import { resources } from '../../../src/model/resources.ts';

/** What a call gives, or what it is refused with. */
export async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return { code: error.code, message: error.message, status: error.status };
  }
}

/** Calls that every way to an API server answers alike; the server is the one of `fakeApi`. */
export const calls: Readonly<Record<string, (kube: KubeClient) => Promise<unknown>>> = {
  version: (kube) => kube.version(),
  'an object': (kube) => kube.get(resources.pods, 'default', 'web'),
  'no object': (kube) => kube.get(resources.pods, 'default', 'other'),
  'a list': (kube) => kube.list(resources.pods, { namespace: 'default' }),
  'a path of no kind': (kube) => kube.raw('/nowhere'),
  'both outputs of a command': (kube) => kube.exec('default', 'web', { command: ['exit', '3'] }),
  'standard input': (kube) => kube.exec('default', 'web', { command: ['cat'], stdin: 'zeile ü\n' }),
  'an empty standard input': (kube) => kube.exec('default', 'web', { command: ['cat'], stdin: '' }),
  'a command that is not there': (kube) => kube.exec('default', 'web', { command: ['nonsense'] }),
  'a container that is not there': (kube) =>
    kube.exec('default', 'web', { command: ['cat'], container: 'missing' }),
};
