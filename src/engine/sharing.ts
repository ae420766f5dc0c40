import { equal } from '../core/json.ts';
import type { ClusterSpec, RegistryPlan } from '../providers/provider.ts';
import type { Incident } from './incident.ts';
import { specFor } from './start.ts';

/** One cluster for several incidents, one after the other: with what any of them needs. */
export function sharedSpec(incidents: readonly Incident[], lab: string, folder: string): ClusterSpec {
  const [first, ...others] = incidents.map((incident) => specFor(incident, lab, folder));
  if (first === undefined) throw new Error('no incident was given');
  return others.reduce(
    (all, { images, registries, nodes }) => ({
      ...all,
      nodes: nodes.length > all.nodes.length ? nodes : all.nodes,
      images: [...new Set([...all.images, ...images])],
      registries: mergedRegistries([...all.registries, ...registries]),
    }),
    first,
  );
}

/** One registry a host, with the repositories of all its plans. */
function mergedRegistries(plans: readonly RegistryPlan[]): RegistryPlan[] {
  const byHost = new Map<string, RegistryPlan>();
  for (const plan of plans) {
    const repositories = { ...byHost.get(plan.host)?.repositories };
    for (const [name, tags] of Object.entries(plan.repositories))
      repositories[name] = { ...repositories[name], ...tags };
    byHost.set(plan.host, { ...plan, repositories });
  }
  return [...byHost.values()];
}

/** Whether the registries of an incident can be those of the others too: a host has one password, and a tag one release. */
export function canShare(incident: Incident, others: readonly Incident[]): boolean {
  const plans = others.flatMap(({ plan }) => plan.registries ?? []);
  return (incident.plan.registries ?? []).every((plan) =>
    plans.filter(({ host }) => host === plan.host).every((other) => agree(plan, other)),
  );
}

function agree(one: RegistryPlan, other: RegistryPlan): boolean {
  if (one.mirrorOf !== other.mirrorOf || !equal(one.credentials, other.credentials)) return false;
  return Object.entries(one.repositories).every(([name, tags]) =>
    Object.entries(tags).every(([tag, release]) => (other.repositories[name]?.[tag] ?? release) === release),
  );
}

/** Incidents in as few groups as it takes, each of which can share a cluster. */
export function sharingGroups(incidents: readonly Incident[]): Incident[][] {
  const groups: Incident[][] = [];
  for (const incident of incidents) {
    const group = groups.find((others) => canShare(incident, others));
    if (group === undefined) groups.push([incident]);
    else group.push(incident);
  }
  return groups;
}
