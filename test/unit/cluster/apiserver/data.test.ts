import { describe, expect, test } from '@jest/globals';
import {
  bootstrapObjects,
  discoveryDocuments,
  openapiDocument,
  openapiHash,
  openapiPaths,
} from '../../../../src/cluster/apiserver/data.ts';
import { schemaOf } from '../../../../src/model/schema/schema.ts';

describe('OpenAPI documents', () => {
  test('all paths have a document whose references are in it, and a hash', () => {
    expect(openapiPaths()).toHaveLength(47);
    for (const path of openapiPaths()) {
      const text = openapiDocument(path)!;
      const document = JSON.parse(text) as { openapi: string; components: { schemas?: object } };
      expect(document.openapi).toBe('3.0.0');
      const schemas = new Set(Object.keys(document.components.schemas ?? {}));
      for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        expect(schemas).toContain(name);
      }
      expect(openapiHash(path)).toMatch(/^[0-9A-F]{64}$/);
    }
  });

  test('a path that there is not', () => {
    expect(openapiDocument('apis/nope/v1')).toBeUndefined();
    expect(openapiHash('apis/nope/v1')).toBeUndefined();
  });
});

test('discovery knows every group with its resources', () => {
  const { api, apis, version } = discoveryDocuments();
  expect(version['gitVersion']).toBe('v1.36.3');
  expect(api.items[0]?.versions[0]?.resources.map(({ resource }) => resource)).toContain('pods');
  const apps = apis.items.find(({ metadata }) => metadata.name === 'apps');
  const deployments = apps?.versions[0]?.resources.find(({ resource }) => resource === 'deployments');
  expect(deployments).toMatchObject({ scope: 'Namespaced', shortNames: ['deploy'] });
  expect(deployments?.subresources?.map(({ subresource }) => subresource)).toEqual(['scale', 'status']);
});

describe('bootstrapObjects', () => {
  const objects = bootstrapObjects();
  const named = (kind: string): string[] =>
    objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);

  test('has what a cluster needs and nothing of the cluster that it was taken from', () => {
    expect(named('ClusterRole')).toEqual(expect.arrayContaining(['cluster-admin', 'view', 'system:node']));
    expect(named('ClusterRole')).not.toContain('lab-cni');
    expect(named('Deployment')).toEqual(['coredns', 'local-path-provisioner']);
    expect(named('ConfigMap')).toContain('coredns');
    expect(named('StorageClass')).toEqual(['standard']);
    expect(JSON.stringify(objects)).not.toMatch(/d1-control-plane|<certificate>|"time":/);
    for (const object of objects) {
      expect(Object.keys(object.metadata)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(uid|resourceVersion|creationTimestamp)$/)]),
      );
    }
  });

  test('every object is of a kind that there is, after its namespace', () => {
    const namespaces = new Set<string>();
    for (const { apiVersion, kind, metadata } of objects) {
      const [version = '', group = ''] = apiVersion.split('/').reverse();
      expect(schemaOf(group, version, kind)).toBeDefined();
      if (kind === 'Namespace') namespaces.add(metadata.name);
      if (metadata.namespace !== undefined) expect(namespaces).toContain(metadata.namespace);
    }
  });

  test('is a fresh copy each time', () => {
    bootstrapObjects()[0]!.metadata.name = 'changed';
    expect(bootstrapObjects()[0]!.metadata.name).not.toBe('changed');
  });
});
