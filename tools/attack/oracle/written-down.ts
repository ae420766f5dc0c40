import type { ConfigMap } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { SHOP, SYSTEM } from './ask.ts';
import { type Complaint, type OracleView, question } from './view.ts';

/** No configuration of the system knows a Service of the shop by its name. */
export const noNamesWrittenDown = question('no name is written down', async (view) => {
  const services = await view.kube.list(resources.services, { namespace: SHOP });
  const own = new Set(services.map(({ metadata }) => `${metadata.name}.${SHOP}`));
  const maps = await view.kube.list<ConfigMap>(resources.configMaps, { namespace: SYSTEM });
  for (const { metadata, data = {} } of maps) {
    const words = Object.values(data)
      .join('\n')
      .split(/[^\w.-]+/);
    const found = words.find((word) => own.has(word.split('.').slice(0, 2).join('.')));
    if (found !== undefined) return `${metadata.name} knows ${found}`;
  }
  return undefined;
});

/** No configuration of the system knows an address of the shop by heart, nor one of `others`; but for CoreDNS' as it was. */
export async function nothingWrittenDown(
  view: OracleView,
  others: readonly string[] = [],
): Promise<Complaint> {
  const services = await view.kube.list(resources.services, { namespace: SHOP });
  const own = services.flatMap(({ spec }) => spec.clusterIP ?? []).filter((one) => one !== 'None');
  const wordsOf = ({ data = {} }: ConfigMap): Set<string> =>
    new Set(
      Object.values(data)
        .join('\n')
        .split(/[^\d.]+/),
    );
  const healthy = view.healthy.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  const known = healthy === undefined ? new Set() : wordsOf(healthy);
  const addresses = [...own, ...others].filter((address) => !known.has(address));
  const maps = await view.kube.list<ConfigMap>(resources.configMaps, { namespace: SYSTEM });
  for (const map of maps) {
    const words = wordsOf(map);
    const found = addresses.find((address) => words.has(address));
    if (found !== undefined) return `${map.metadata.name} knows ${found} by heart`;
  }
  return undefined;
}
