import { equal } from '../core/json.ts';
import { matchesNodeSelectorTerm, type NodeIdentity } from '../model/node-affinity.ts';
import type { Node, NodeSelectorRequirement, PodSpec } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { formatRequirements, requirementOf } from '../model/selector.ts';
import type { LabView } from './check.ts';

/** One thing that a pod asks of its node: of a label, or of a field. */
interface Requirement {
  readonly of: 'matchExpressions' | 'matchFields';
  readonly expression: NodeSelectorRequirement;
}

/**
 * @param before what the healthy shop's pods asked for: whoever adds a node knows that
 * @returns why a node that joins tomorrow does not take a pod, as far as its labels and its name are concerned. What it should
 *   be like (preferred) keeps no node away.
 */
export async function whyNoNewNode(
  lab: LabView,
  before: PodSpec | undefined,
  spec: PodSpec,
): Promise<string | undefined> {
  const known = before === undefined ? [] : alternativesOf(before).flat();
  const nodes = newNodes(lab, await lab.kube.list(resources.nodes));
  const alternatives = alternativesOf(spec).map((asked) =>
    asked.filter((one) => !known.some((other) => equal(one, other))),
  );
  if (nodes.some((node) => alternatives.some((asked) => asked.every((one) => isMet(one, node)))))
    return undefined;
  const unmet = alternatives[0]?.find((one) => !nodes.some((node) => isMet(one, node)));
  return unmet === undefined
    ? 'has a node affinity that no new node matches'
    : `asks for a node with ${formatted(unmet)}, which a new node does not have`;
}

/** All requirements of one of them have to be met. None is what no node meets: a term that asks for nothing. */
function alternativesOf({ nodeName, nodeSelector = {}, affinity }: PodSpec): Requirement[][] {
  const isIn = (of: Requirement['of'], key: string, value: string): Requirement => ({
    of,
    expression: { key, operator: 'In', values: [value] },
  });
  const always = [
    ...(nodeName === undefined ? [] : [isIn('matchFields', 'metadata.name', nodeName)]),
    ...Object.entries(nodeSelector).map(([key, value]) => isIn('matchExpressions', key, value)),
  ];
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return [always];
  return required.nodeSelectorTerms
    .map(({ matchExpressions = [], matchFields = [] }): Requirement[] => [
      ...matchExpressions.map((expression) => ({ of: 'matchExpressions' as const, expression })),
      ...matchFields.map((expression) => ({ of: 'matchFields' as const, expression })),
    ])
    .filter((term) => term.length > 0)
    .map((term) => [...always, ...term]);
}

/**
 * They have only what the kubelet gives every node, one for each architecture of today's. What these have as labels is no
 * guide: anybody may write them.
 * https://kubernetes.io/docs/reference/node/node-labels/
 */
function newNodes({ random }: LabView, nodes: readonly Node[]): NodeIdentity[] {
  const name = `node-${random.suffix(8)}`;
  const today = nodes.map(({ status }) => status.nodeInfo['architecture'] ?? '');
  return [...new Set(today)].map((arch) => ({
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': arch,
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': arch,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
      },
    },
  }));
}

const isMet = ({ of, expression }: Requirement, node: NodeIdentity): boolean =>
  matchesNodeSelectorTerm({ [of]: [expression] }, node);

/** As kubectl writes selectors: `key=value` where one value is asked for. */
function formatted({ expression }: Requirement): string {
  const asked = requirementOf(expression);
  const isOne = asked.operator === 'in' && asked.values.length === 1;
  return formatRequirements([isOne ? { ...asked, operator: '=' } : asked]);
}
