import { describe, expect, test } from '@jest/globals';
import { whyNoNewNode } from '../../../src/checks/new-node.ts';
import type { PodSpec } from '../../../src/model/objects.ts';
import { aNode, labView } from './support.ts';

const ARCH = 'kubernetes.io/arch';
const HOSTNAME = 'kubernetes.io/hostname';
const spec = (fields: object): PodSpec => ({ containers: [], ...fields }) as unknown as PodSpec;
const terms = (...nodeSelectorTerms: readonly object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const needs = (key: string, operator: string, ...values: readonly string[]) => ({
  matchExpressions: [{ key, operator, values }],
});
const missing = (what: string) => `asks for a node with ${what}, which a new node does not have`;

const lab = () => labView([aNode('a', { pool: 'shop', [ARCH]: 'shop' }), aNode('b', { pool: 'shop' })]);

describe('whyNoNewNode', () => {
  test.each([
    ['nothing', {}],
    ['its system', { nodeSelector: { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'linux' } }],
    ['the architecture of today', { nodeSelector: { [ARCH]: 'amd64' } }],
    ['one of two architectures', terms(needs(ARCH, 'In', 'amd64', 'arm64'))],
    ['a worker', terms(needs('node-role.kubernetes.io/control-plane', 'DoesNotExist'))],
    ['a name of any kind', terms(needs(HOSTNAME, 'Exists'))],
    ['either of two', terms(needs('pool', 'Exists'), needs(ARCH, 'In', 'amd64'))],
    [
      'what is only liked',
      { affinity: { nodeAffinity: { preferredDuringScheduling: [needs('pool', 'Exists')] } } },
    ],
  ])('a new node has %s', async (_what, fields) => {
    expect(await whyNoNewNode(await lab(), spec({}), spec(fields))).toBeUndefined();
  });

  test.each([
    [missing('pool=shop'), { nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'shop' } }],
    [missing('metadata.name=a'), { nodeName: 'a' }],
    [missing('kubernetes.io/os=windows'), { nodeSelector: { 'kubernetes.io/os': 'windows' } }],
    // What a node's label says anybody may have written.
    [missing('kubernetes.io/arch=shop'), { nodeSelector: { [ARCH]: 'shop' } }],
    [missing(`${HOSTNAME} in (a,b)`), terms(needs(HOSTNAME, 'In', 'a', 'b'))],
    [missing('pool'), terms(needs('pool', 'Exists'))],
    [missing('!kubernetes.io/os'), terms(needs('kubernetes.io/os', 'DoesNotExist'))],
    [missing('cpus>4'), terms(needs('cpus', 'Gt', '4'))],
    [
      missing('metadata.name in (a,b)'),
      terms({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a', 'b'] }] }),
    ],
    ['has a node affinity that no new node matches', terms({})],
  ])('%s', async (why, fields) => {
    expect(await whyNoNewNode(await lab(), spec({}), spec(fields))).toBe(why);
  });

  test('what was asked for before a new node is given', async () => {
    const pool = { nodeSelector: { pool: 'shop' } };
    const asked = { ...pool, ...terms(needs(ARCH, 'In', 'amd64')) };
    expect(await whyNoNewNode(await lab(), spec(pool), spec(asked))).toBeUndefined();
    expect(await whyNoNewNode(await lab(), undefined, spec(pool))).toBe(missing('pool=shop'));
  });

  test('its architecture is one of those of today', async () => {
    const mixed = await labView([aNode('a'), aNode('b', {}, 'arm64')]);
    const asked = (arch: string) => spec({ nodeSelector: { [ARCH]: arch } });
    expect(await whyNoNewNode(mixed, undefined, asked('arm64'))).toBeUndefined();
    expect(await whyNoNewNode(mixed, undefined, asked('s390x'))).toBe(missing(`${ARCH}=s390x`));
  });
});
