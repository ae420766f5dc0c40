import { readFileSync } from 'node:fs';
import type { Api } from '../../../../src/cluster/api.ts';
import { ApiServer } from '../../../../src/cluster/apiserver/api-server.ts';
import { applyDefaults } from '../../../../src/cluster/apiserver/defaults/defaults.ts';
import type { PipelineStages } from '../../../../src/cluster/apiserver/pipeline.ts';
import type { DiscoveryDocument } from '../../../../src/cluster/apiserver/resource-registry.ts';
import { Simulation } from '../../../../src/cluster/simulation/simulation.ts';

/** Stages that let everything pass: `root` may do all. */
export const openStages: PipelineStages = {
  authentication: {
    authenticate: () => ({ name: 'root', groups: ['system:masters'] }),
    reviewToken: () => undefined,
  },
  authorizer: {
    authorize: () => ({ allowed: true, reason: '' }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [] }),
  },
  applyDefaults,
  validateObject: () => [],
  admissionPlugins: [],
};

const discovery = ['discovery-api.json', 'discovery-apis.json'].map(
  (file) => JSON.parse(readFileSync(`/work/shared/data/${file}`, 'utf8')) as DiscoveryDocument,
);

export interface Running {
  readonly server: ApiServer;
  readonly simulation: Simulation;
  readonly api: Api;
}

export function startApiServer(stages: Partial<PipelineStages> = {}): Running {
  const simulation = new Simulation({ seed: 'test', epoch: Date.parse('2026-11-22T10:00:00Z') * 1000 });
  const server = new ApiServer({ simulation, stages: { ...openStages, ...stages }, discovery });
  const api = server.clientFor({
    user: 'system:kube-controller-manager',
    groups: [],
    manager: 'kube-controller-manager',
  });
  return { server, simulation, api };
}
