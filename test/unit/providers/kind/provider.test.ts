import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { kindProvider } from '../../../../src/providers/kind/provider.ts';
import { homeOf, type KindRef, nodeImage } from '../../../../src/providers/kind/ref.ts';
import type { ClusterSpec } from '../../../../src/providers/provider.ts';
import { FakePrograms } from './fake-programs.ts';

const signal = new AbortController().signal;

/** A spec whose lab has a folder where the state of labs would be. */
function specIn(programs: FakePrograms, lab = 'inc-2041'): ClusterSpec {
  const folder = join(programs.folder, 'state/labs', lab);
  mkdirSync(folder, { recursive: true });
  return {
    lab,
    folder,
    seed: 'readiness-probe/1',
    nodes: [{ role: 'control-plane' }, { role: 'worker' }],
    images: [],
    registries: [{ host: 'registry.shop.test:5000', repositories: {} }],
    since: 0,
  };
}

/** Docker of a machine on which kind's nodes are a file each. */
const DOCKER = `
case "$*" in
  "network inspect kind") [ -e "$FAKE/network" ] ;;
  "network rm kind") [ -e "$FAKE/attached" ] && { echo "network kind has active endpoints" >&2; exit 1; }; : > "$FAKE/network-removed" ;;
  "ps --all --filter label=io.x-k8s.kind.cluster="*) for node in "$FAKE"/nodes/*; do [ -e "$node" ] && echo "\${node##*/}"; done; exit 0 ;;
  "ps --filter label=io.x-k8s.kind.cluster="*) for node in "$FAKE"/running/*; do [ -e "$node" ] && echo "\${node##*/}"; done; exit 0 ;;
  "rm --force"*) echo "Error: No such container: x" >&2; exit 1 ;;
esac
`;

describe('plan', () => {
  test('names everything before anything is made, and asks nobody', () => {
    using programs = new FakePrograms();
    const ref = kindProvider().plan(specIn(programs));
    expect(ref).toMatchObject({ provider: 'kind', lab: 'inc-2041', image: nodeImage() });
    // Another lab may have it later: it does not tell which one it was made for.
    expect(ref['cluster']).toMatch(/^breakfix-[0-9a-f]{8}$/);
    expect(ref['registries']).toEqual([
      { host: 'registry.shop.test:5000', container: `${String(ref['cluster'])}-registry-0` },
    ]);
  });

  test('every cluster has a name of its own: also of a lab that is started again while another has its old one', () => {
    using programs = new FakePrograms();
    const provider = kindProvider();
    const names = [1, 2].map(() => provider.plan(specIn(programs))['cluster']);
    expect(new Set(names).size).toBe(2);
  });

  test('another node image by the environment', () => {
    using programs = new FakePrograms();
    process.env['BREAKFIX_KIND_NODE_IMAGE'] = 'kindest/node:v1.35.0';
    try {
      expect(kindProvider().plan(specIn(programs))['image']).toBe('kindest/node:v1.35.0');
    } finally {
      delete process.env['BREAKFIX_KIND_NODE_IMAGE'];
    }
  });
});

describe('availability', () => {
  test('without kind', async () => {
    using _programs = new FakePrograms();
    expect(await kindProvider().availability()).toMatchObject({
      available: false,
      reason: expect.stringContaining('needs the program kind'),
      fix: expect.stringContaining('--provider embedded'),
    });
  });

  test('without Docker', async () => {
    using programs = new FakePrograms();
    programs.set('kind', 'exit 0');
    programs.set('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    expect(await kindProvider().availability()).toMatchObject({
      available: false,
      reason: 'provider kind needs Docker, which does not answer: Cannot connect to the Docker daemon',
    });
  });

  test('with both', async () => {
    using programs = new FakePrograms();
    programs.set('kind', 'exit 0');
    programs.set('docker', 'echo 28.0.1');
    expect(await kindProvider().availability()).toEqual({ available: true });
  });
});

describe('create', () => {
  test('a kind that fails is told; what it left is found by destroy', async () => {
    using programs = new FakePrograms();
    programs.set('docker', DOCKER);
    programs.set('kind', `[ "$1" = create ] && { echo "ERROR: no space left" >&2; exit 1; }; exit 0`);
    const provider = kindProvider();
    const spec = specIn(programs);
    const ref = provider.plan(spec);
    await expect(provider.create(ref, spec, { signal })).rejects.toThrow('no space left');
    await provider.destroy(ref);
    expect(readdirSync(spec.folder)).toEqual([]);
    expect(existsSync(homeOf(ref as KindRef))).toBe(false);
    expect(programs.calls().filter((call) => call.startsWith('kind '))).toEqual([
      `kind create cluster --name ${String(ref['cluster'])} --image ${nodeImage()} --kubeconfig ${homeOf(ref as KindRef)}/kubeconfig --wait 180s --config -`,
      `kind delete cluster --name ${String(ref['cluster'])} --kubeconfig ${homeOf(ref as KindRef)}/kubeconfig`,
    ]);
  });
});

describe('reuse', () => {
  const adopted = (programs: FakePrograms, spec: Partial<ClusterSpec>): KindRef | undefined => {
    const provider = kindProvider();
    const released = provider.plan({ ...specIn(programs), images: ['shop.test/shop:1', 'shop.test/shop:2'] });
    const next = { ...specIn(programs, 'inc-2052'), ...spec };
    const ref = provider.reuse?.adopt(released, next) as KindRef | undefined;
    expect(ref === undefined || ref.cluster === released['cluster']).toBe(true);
    return ref;
  };

  test('the next lab has the same cluster, with registries and images of its own', () => {
    using programs = new FakePrograms();
    const ref = adopted(programs, { images: ['shop.test/shop:2', 'shop.test/shop:3'] });
    expect(ref).toMatchObject({
      lab: 'inc-2052',
      registries: [{ host: 'registry.shop.test:5000', container: `${ref?.cluster ?? ''}-registry-0` }],
      images: ['shop.test/shop:2', 'shop.test/shop:3'],
      stale: ['shop.test/shop:1'],
    });
  });

  test('none that needs another number of nodes, or another Kubernetes', () => {
    using programs = new FakePrograms();
    expect(adopted(programs, { nodes: [{ role: 'control-plane' }] })).toBeUndefined();
    const released = kindProvider().plan(specIn(programs));
    const older = { ...released, image: 'kindest/node:v1.35.0' };
    expect(kindProvider().reuse?.adopt(older, specIn(programs))).toBeUndefined();
  });

  test('what a lab had on a cluster that does not answer is made anew', async () => {
    using programs = new FakePrograms();
    programs.set('docker', DOCKER);
    programs.set('kind', '[ "$1" = create ] && { echo "ERROR: made anew" >&2; exit 1; }; exit 0');
    const provider = kindProvider();
    const spec = specIn(programs);
    const ref = provider.plan(spec) as KindRef;
    mkdirSync(homeOf(ref), { recursive: true });
    writeFileSync(join(homeOf(ref), 'kubeconfig'), '');
    await expect(provider.create(ref, spec, { signal })).rejects.toThrow('made anew');
    const kind = programs.calls().filter((call) => call.startsWith('kind '));
    expect(kind.map((call) => call.split(' ')[1])).toEqual(['delete', 'create']);
  });
});

describe('state and open', () => {
  test.each([
    ['gone', [], [], 'CLUSTER_GONE'],
    ['stopped', ['worker'], [], 'CLUSTER_STOPPED'],
    ['running', ['worker'], ['worker'], 'CLUSTER_GONE'],
  ])('%s', async (state, nodes, running, code) => {
    using programs = new FakePrograms();
    programs.set('docker', DOCKER);
    for (const [folder, names] of [['nodes', nodes] as const, ['running', running] as const]) {
      mkdirSync(join(programs.folder, folder));
      for (const name of names) writeFileSync(join(programs.folder, folder, name), '');
    }
    const provider = kindProvider();
    const ref = provider.plan(specIn(programs));
    expect(await provider.state(ref)).toBe(state);
    // The one that runs has no kubeconfig: it was never finished.
    await expect(provider.open(ref)).rejects.toMatchObject({ code, kind: 'lab' });
  });

  test('a Docker that does not answer is no cluster that is gone', async () => {
    using programs = new FakePrograms();
    programs.set('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    const provider = kindProvider();
    await expect(provider.state(provider.plan(specIn(programs)))).rejects.toMatchObject({
      kind: 'environment',
    });
  });
});

describe('destroy', () => {
  test('again and again until Docker has made everything that a cut-off creation asked for', async () => {
    using programs = new FakePrograms();
    programs.set('docker', DOCKER);
    mkdirSync(join(programs.folder, 'nodes'));
    writeFileSync(join(programs.folder, 'nodes/late'), '');
    programs.set(
      'kind',
      '[ -e "$FAKE/again" ] && [ -e "$FAKE/nodes/late" ] && /bin/rm "$FAKE/nodes/late"; : > "$FAKE/again"',
    );
    const provider = kindProvider();
    await provider.destroy(provider.plan(specIn(programs)));
    expect(programs.calls().filter((call) => call.startsWith('kind delete'))).toHaveLength(2);
  });

  test('ends a creation that outlived its breakfix, and no other process of that number', async () => {
    using programs = new FakePrograms();
    programs.set('docker', DOCKER);
    programs.set('kind', '');
    programs.set('kill', '');
    const provider = kindProvider();
    const spec = specIn(programs);
    const ref = provider.plan(spec) as KindRef;
    const kills = async (args: string) => {
      mkdirSync(homeOf(ref), { recursive: true });
      writeFileSync(join(homeOf(ref), 'pid'), '4711');
      programs.set('ps', `echo "${args}"`);
      await provider.destroy(ref);
      return programs.calls().filter((call) => call.startsWith('kill'));
    };
    expect(await kills('vi notes.txt')).toEqual([]);
    expect(await kills(`kind create cluster --name ${ref.cluster} --image x`)).toEqual(['kill -9 4711']);
  });

  test('fails where Docker does not answer: nothing may be forgotten', async () => {
    using programs = new FakePrograms();
    programs.set('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    const provider = kindProvider();
    await expect(provider.destroy(provider.plan(specIn(programs)))).rejects.toThrow('Cannot connect');
  });
});

describe('the Docker network', () => {
  const removed = (programs: FakePrograms): boolean => existsSync(join(programs.folder, 'network-removed'));
  const started = async (programs: FakePrograms, lab: string) => {
    programs.set('docker', DOCKER);
    programs.set('kind', '[ "$1" = create ] && exit 1; exit 0');
    const provider = kindProvider();
    const spec = specIn(programs, lab);
    const ref = provider.plan(spec);
    await expect(provider.create(ref, spec, { signal })).rejects.toThrow();
    return () => provider.destroy(ref);
  };

  test('stays where it was there before', async () => {
    using programs = new FakePrograms();
    writeFileSync(join(programs.folder, 'network'), '');
    await (
      await started(programs, 'inc-1')
    )();
    expect(removed(programs)).toBe(false);
  });

  test('goes with the lab that made it', async () => {
    using programs = new FakePrograms();
    await (
      await started(programs, 'inc-1')
    )();
    expect(removed(programs)).toBe(true);
  });

  test('goes with the last of several labs', async () => {
    using programs = new FakePrograms();
    const stopFirst = await started(programs, 'inc-1');
    writeFileSync(join(programs.folder, 'network'), '');
    const stopSecond = await started(programs, 'inc-2');
    writeFileSync(join(programs.folder, 'attached'), '');
    await stopFirst();
    expect(removed(programs)).toBe(false);
    writeFileSync(join(programs.folder, 'state/labs/none'), '');
    programs.set('docker', DOCKER.replace('[ -e "$FAKE/attached" ]', 'false'));
    await stopSecond();
    expect(removed(programs)).toBe(true);
  });
});
