import type { LabView } from '../checks/check.ts';
import { resources } from '../model/resources.ts';

// What people write down instead of looking it up: the addresses that Services have at that moment.

/** The address that a Service has now; empty where there is none. */
export async function addressOf(lab: LabView, namespace: string, service: string): Promise<string> {
  return (await lab.kube.get(resources.services, namespace, service))?.spec.clusterIP ?? '';
}

/** The address that a pod of an app has now; empty where there is none. */
export async function podAddress(
  lab: LabView,
  { namespace, app }: { readonly namespace: string; readonly app: string },
): Promise<string> {
  const [pod] = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${app}` });
  return pod?.status.podIP ?? '';
}

/** The addresses as `hostAliases` of a pod: in its /etc/hosts. */
export function hostAliases(
  lab: LabView,
  namespace: string,
  services: readonly string[],
): Promise<{ ip: string; hostnames: string[] }[]> {
  return Promise.all(
    services.map(async (service) => ({
      ip: await addressOf(lab, namespace, service),
      hostnames: [service],
    })),
  );
}

/** The addresses as the environment in which programs of the shop look for each other: `CHECKOUT_URL`. */
export function addressEnv(
  lab: LabView,
  namespace: string,
  services: readonly string[],
): Promise<{ name: string; value: string }[]> {
  return Promise.all(
    services.map(async (service) => ({
      name: `${service.toUpperCase()}_URL`,
      value: `http://${await addressOf(lab, namespace, service)}`,
    })),
  );
}

/** The addresses as a server block of a Corefile that answers for the namespace with them, and with nothing else. */
export async function hostsBlock(
  lab: LabView,
  namespace: string,
  services: readonly string[],
): Promise<string> {
  const zone = `${namespace}.svc.cluster.local`;
  const lines = await Promise.all(
    services.map(
      async (service) => `        ${await addressOf(lab, namespace, service)} ${service}.${zone}\n`,
    ),
  );
  return `${zone}:53 {\n    hosts {\n${lines.join('')}    }\n}\n`;
}

/** A Corefile in which `hosts` answers for one Service with the address of today, before the kubernetes plugin is asked. */
export async function withHostEntry(
  lab: LabView,
  corefile: string,
  namespace: string,
  service: string,
): Promise<string> {
  const entry = `${await addressOf(lab, namespace, service)} ${service}.${namespace}.svc.cluster.local`;
  const lines = ['hosts {', `   ${entry}`, '   fallthrough', '}'];
  const hosts = lines.map((line) => `    ${line}\n`).join('');
  return corefile.replaceAll(/^ *kubernetes /gm, (line) => hosts + line);
}
