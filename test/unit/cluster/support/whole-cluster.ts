import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { createCluster } from '../../../../src/cluster/cluster.ts';
import type { EmbeddedCluster } from '../../../../src/cluster/cluster.ts';
import type { AnyObject } from '../../../../src/model/objects.ts';
import { toolImages } from '../../../../src/images/tools.ts';
import { SECOND } from '../../../../src/cluster/simulation/simulation.ts';
import type { Answer } from '../apiserver/harness.ts';
import { completeAnswer, requestOf } from '../apiserver/harness.ts';

const ADMIN = { commonName: 'kubernetes-admin', organizations: ['system:masters'] };

/** A cluster with all its parts, asked without a wire. */
export class WholeCluster {
  readonly cluster: EmbeddedCluster;

  constructor(seed = 'test') {
    this.cluster = createCluster({
      seed,
      epoch: Date.parse('2026-11-22T10:00:00Z') * 1000,
      nodes: [
        { name: 'control-plane', role: 'control-plane' },
        { name: 'worker', role: 'worker' },
      ],
      images: toolImages(),
      registries: [],
      ca: 'PEM',
    });
  }

  async seconds(count: number): Promise<void> {
    const { simulation } = this.cluster;
    await simulation.advanceTo(simulation.now + Math.round(count * SECOND));
  }

  send(method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Answer {
    return completeAnswer(
      this.cluster.handle({ ...requestOf(method, url, body, headers), certificate: ADMIN }),
    );
  }

  /** @throws Error where there is no such object */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- says what the test expects there
  get<T extends object>(url: string): T {
    const answer = this.send('GET', url);
    if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${answer.text}`);
    return answer.body as T;
  }

  /** The objects of a collection. */
  list<T extends object>(url: string): T[] {
    return this.get<{ items: T[] }>(url).items;
  }

  /** Creates the object in the collection that discovery names for its kind. */
  create(object: AnyObject): void {
    const core = !object.apiVersion.includes('/');
    const base = core ? `/api/${object.apiVersion}` : `/apis/${object.apiVersion}`;
    const { resources } = this.get<{ resources: { name: string; kind: string; namespaced: boolean }[] }>(
      base,
    );
    const found = resources.find(({ kind, name }) => kind === object.kind && !name.includes('/'));
    if (found === undefined) throw new Error(`no resource for ${object.kind}`);
    const namespace = object.metadata.namespace ?? 'default';
    const url = found.namespaced ? `${base}/namespaces/${namespace}/${found.name}` : `${base}/${found.name}`;
    const answer = this.send('POST', url, object, { 'content-type': 'application/json' });
    if (answer.status !== 201) throw new Error(answer.text);
  }

  /** Creates everything in a file of the repository. */
  createAll(file: string): void {
    for (const document of parseAllDocuments(readFileSync(file, 'utf8')))
      this.create(document.toJS() as AnyObject);
  }

  /** Runs time until `look` gives something. @throws Error where it does not within `seconds` */
  async until<T>(seconds: number, look: () => T | undefined): Promise<T> {
    for (let passed = 0; passed < seconds; passed++) {
      const seen = look();
      if (seen !== undefined) return seen;
      await this.seconds(1);
    }
    throw new Error(`not within ${seconds} s`);
  }
}
