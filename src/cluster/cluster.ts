import { createHash } from 'node:crypto';
import { resources } from '../model/resources.ts';
import type { Api } from './api.ts';
import { admissionPlugins } from './apiserver/admission/plugins.ts';
import { ExtensionServers } from './apiserver/aggregation/extension-servers.ts';
import { ApiServer, type ApiServerOptions } from './apiserver/api-server.ts';
import { createAuthentication } from './apiserver/auth/authentication.ts';
import { createAuthorizer } from './apiserver/auth/authorizer.ts';
import { createTokens, type Tokens } from './apiserver/auth/tokens.ts';
import { buildLabels } from './apiserver/data.ts';
import { applyDefaults } from './apiserver/defaults/defaults.ts';
import type { ApiRequest, ApiResponse, DeferredResponse } from './apiserver/types.ts';
import { validateObject } from './apiserver/validation/validate.ts';
import { type CertificateSigner, createSigner } from './certificates/signer.ts';
import { startApiServerControllers } from './controllers/api-server/start.ts';
import { startControllers } from './controllers/index.ts';
import { type ActiveFault, ClusterFaults } from './cluster-faults.ts';
import { corednsProgram } from './dns/coredns.ts';
import { watchClusterRecords } from './dns/records.ts';
import { createLookup } from './dns/resolver.ts';
import { createEventRecorder } from './events/recorder.ts';
import { type Kubelet, startKubelet } from './kubelet/kubelet.ts';
import { createNodeRouter } from './kubelet/node-router.ts';
import type { NodeSpec, TokenSource } from './kubelet/types.ts';
import { metricsServerProgram } from './metrics/metrics-server.ts';
import { podMetricsClient } from './metrics/pod-metrics-client.ts';
import { API_SERVER_PORT, createNetwork } from './network/network.ts';
import { Outside, type OutsideChange } from './outside.ts';
import type { NetworkStack } from './network/types.ts';
import type { NodeApi } from './node-api.ts';
import { createNodeImages, type NodeImages } from './registry/node-images.ts';
import { readReference } from './registry/reference.ts';
import { createRegistries } from './registry/registries.ts';
import type { RegistrySpec } from './registry/types.ts';
import { ImageLayers } from './runtime/image-layers.ts';
import { boundBacktracking } from './runtime/backtracking.ts';
import { createContainerRuntime } from './runtime/runtime.ts';
import type { Image } from './runtime/types.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { type Micros, SECOND, Simulation } from './simulation/simulation.ts';
import { apiServerListener } from './system/api-server-listener.ts';
import { loadBootstrapObjects } from './system/bootstrap.ts';
import { CLUSTER_DNS_IP, SERVICE_RANGE } from './service-range.ts';
import { apiServerFlags, controlPlanePods } from './system/control-plane.ts';
import { joinNode } from './system/joined-nodes.ts';
import { holdLeases } from './system/leader-leases.ts';
import { systemImages } from './system/images.ts';
import { NODE_NAME_SERVER, startNameServer } from './system/name-server.ts';
import { requesterOf, requestNodeCertificate } from './system/node-certificates.ts';
import { systemFiles, systemProcesses, wholeConfiguration } from './system/node-system.ts';
import { readPodManifest } from './system/pod-manifest.ts';
import { servedResources } from './system/served-resources.ts';

/** What an embedded cluster is made of. Together with the seed and the inputs it determines everything. */
export interface ClusterOptions {
  readonly seed: string;
  /** Virtual time of the start, microseconds since 1970. */
  readonly epoch: Micros;
  readonly nodes: readonly { readonly name: string; readonly role: 'control-plane' | 'worker' }[];
  /** Images that every node has from the start, by full reference; the cluster itself knows only its own. */
  readonly images: Readonly<Record<string, Image>>;
  readonly registries: readonly RegistrySpec[];
  /** PEM of the CA that pods trust. */
  readonly ca: string;
}

/** A Kubernetes in this process. Time moves only through {@link EmbeddedCluster.simulation}. */
export interface EmbeddedCluster {
  readonly simulation: Simulation;
  /** The store's revision. */
  readonly revision: () => number;
  handle(request: ApiRequest): ApiResponse | DeferredResponse;
  /** @throws RangeError where there is nothing to do it to */
  change(change: OutsideChange): void;
  /** What is wrong with it outside the API. */
  faults(): readonly ActiveFault[];
}

const CLUSTER_DNS = { ip: CLUSTER_DNS_IP, domain: 'cluster.local' };
const NODE_CPU = '4';
/** As a kubelet writes it. */
const NODE_MEMORY = '8388608Ki';
const CORES = 4;
const MEMORY_BYTES = 8 * 1024 ** 3;

/** Starts a cluster: an empty one with its control plane, DNS and nodes on their way to ready. */
export function createCluster(options: ClusterOptions): EmbeddedCluster {
  boundBacktracking();
  const simulation = new Simulation({ seed: options.seed, epoch: options.epoch });
  const tokens = createTokens({
    seed: createHash('sha256').update(options.seed).digest(),
    now: () => Math.floor(simulation.now / SECOND),
  });
  const nodes = nodeSpecs(options.nodes);
  const later: { nodeApi?: NodeApi; stack?: NetworkStack; kubelets: readonly Kubelet[] } = { kubelets: [] };
  const extensions = new ExtensionServers();
  const address = `${nodes[0]?.ip ?? ''}:${API_SERVER_PORT}`;
  const apiServer = createApiServer(simulation, tokens, {
    address,
    flags: apiServerFlags({ ip: nodes[0]?.ip ?? '', serviceCidr: SERVICE_RANGE }),
    extensions,
    nodes: () => later.nodeApi ?? notYet(),
    network: () => later.stack ?? notYet(),
  });
  const as = (user: string, manager: string, ...groups: string[]): Api =>
    apiServer.clientFor({ user, manager, groups: [...groups, 'system:authenticated'] });
  const controlPlane = nodes[0]?.name ?? '';
  const kubeadm = as('kubernetes-admin', 'kubeadm', 'system:masters');
  const facts = { controlPlane, ca: options.ca, now: Math.floor(simulation.now / SECOND) };
  loadBootstrapObjects(apiServer, kubeadm, nodes[0]?.ip ?? '', facts);
  holdLeases(simulation, kubeadm, { controlPlane, address });

  const network = createNetwork({
    simulation,
    api: as('system:kube-proxy', 'kube-proxy'),
    nodes,
    serviceCidr: SERVICE_RANGE,
    apiServer: { node: controlPlane, listener: apiServerListener(simulation, apiServer, options.ca) },
  });
  later.stack = network.node(controlPlane);
  const registries = createRegistries({ simulation, network, specs: options.registries });
  startNameServer(network, registries);
  const records = watchClusterRecords(as('system:serviceaccount:kube-system:coredns', 'coredns'), simulation);
  const metricsServer = metricsServerProgram({
    simulation,
    api: as('system:serviceaccount:kube-system:metrics-server', 'metrics-server'),
    servers: extensions,
    scrape: () => later.kubelets.map((kubelet) => kubelet.resourceMetrics()),
  });
  const coredns = corednsProgram({ records });
  const images = { ...systemImages({ coredns, metricsServer }), ...options.images };
  startApiServerControllers({
    simulation,
    api: as('system:apiserver', 'kube-apiserver', 'system:masters'),
    from: network.node(controlPlane),
  });
  startControllers({
    simulation,
    apiFor: (component) => as(`system:serviceaccount:kube-system:${component}`, 'kube-controller-manager'),
    resources: () => [...servedResources(), ...apiServer.customResources()],
    rootCertificate: options.ca,
    secretToken: tokens.issueForSecret,
    certificateSigner: signerOf(options),
    podMetrics: podMetricsClient(apiServer, 'horizontal-pod-autoscaler'),
    isAllowed: (user, attributes) => apiServer.isAllowed(user, attributes),
  });
  startScheduler({ simulation, api: as('system:kube-scheduler', 'kube-scheduler') });
  const layers = new ImageLayers();
  const nodeImages = new Map<string, NodeImages>();
  const kubelets = nodes.map((node): Kubelet => {
    const api = as(`system:node:${node.name}`, 'kubelet', 'system:nodes');
    const { user, groups } = requesterOf(node);
    requestNodeCertificate(simulation, as(user, 'kubelet', ...groups), node.name, options.seed);
    const stored = createNodeImages({ loaded: images });
    nodeImages.set(node.name, stored);
    return startKubelet({
      simulation,
      api,
      events: createEventRecorder({ api, simulation, component: 'kubelet', host: node.name }),
      node,
      network,
      runtime: createContainerRuntime({
        simulation,
        node: node.name,
        cores: CORES,
        memory: MEMORY_BYTES,
        createLookup,
        system: systemProcesses(node),
        layers,
      }),
      images: stored,
      registries,
      parseReference: readReference,
      tokens: tokensFor(api, tokens, node.name),
      clusterDns: CLUSTER_DNS,
      resolvConf: {
        nameservers: [NODE_NAME_SERVER],
        searches: [],
        options: ['edns0', 'trust-ad', 'ndots:0'],
      },
      systemFiles: systemFiles(node, CLUSTER_DNS),
      configuration: () => wholeConfiguration(node, CLUSTER_DNS),
      build: buildLabels,
      readManifest: readPodManifest,
      staticPods:
        node.role === 'control-plane'
          ? controlPlanePods({ node: node.name, ip: node.ip, serviceCidr: SERVICE_RANGE })
          : [],
    });
  });
  later.kubelets = kubelets;
  const controllerManager = as(
    'system:serviceaccount:kube-system:node-controller',
    'kube-controller-manager',
  );
  for (const node of nodes) joinNode(kubeadm, controllerManager, node);
  later.nodeApi = createNodeRouter(as('system:kube-apiserver', 'kube-apiserver', 'system:masters'), kubelets);
  const faults = new ClusterFaults({
    simulation,
    network,
    registries,
    kubelets: new Map(kubelets.map((kubelet) => [kubelet.node, kubelet])),
    controlPlane,
  });
  const outside = new Outside(registries, nodeImages, faults);
  return {
    simulation,
    revision: () => apiServer.store.revision,
    handle: (request) => apiServer.handle(request),
    change: (change) => outside.apply(change),
    faults: () => faults.list(),
  };
}

/** Who signs the certificates that are asked for over the API of a cluster. */
export function signerOf({ seed, epoch }: Pick<ClusterOptions, 'seed' | 'epoch'>): CertificateSigner {
  return createSigner(seed, Math.floor(epoch / SECOND));
}

function notYet(): never {
  throw new Error('no node is up yet');
}

function createApiServer(
  simulation: Simulation,
  tokens: Tokens,
  later: Omit<ApiServerOptions, 'simulation' | 'stages'>,
): ApiServer {
  return new ApiServer({
    simulation,
    ...later,
    stages: (api, answers) => {
      const authorizer = createAuthorizer({ api });
      return {
        tokens,
        authentication: createAuthentication({ tokens, api, authorizer }),
        authorizer,
        applyDefaults,
        validateObject,
        admissionPlugins: admissionPlugins({
          random: simulation.random,
          authorizer,
          asking: { answers, applyDefaults },
        }),
      };
    },
  });
}

function nodeSpecs(nodes: ClusterOptions['nodes']): NodeSpec[] {
  const hasWorkers = nodes.some(({ role }) => role === 'worker');
  return nodes.map(({ name, role }, index) => ({
    name,
    role,
    cpu: NODE_CPU,
    memory: NODE_MEMORY,
    ip: `172.18.0.${index + 2}`,
    podCIDR: `10.244.${index}.0/24`,
    controlPlaneTaint: role === 'control-plane' && hasWorkers,
  }));
}

/** Tokens for the pods of a node, bound to pod and node as the TokenRequest API binds them. */
function tokensFor(api: Api, tokens: Tokens, node: string): TokenSource {
  return ({ namespace, serviceAccount, audience, expirationSeconds, pod }) => {
    const uid = api.get(resources.serviceAccounts, namespace, serviceAccount)?.metadata.uid ?? '';
    const nodeUid = api.get(resources.nodes, undefined, node)?.metadata.uid ?? '';
    return tokens.issue({
      namespace,
      serviceAccount,
      uid,
      expirationSeconds,
      pod,
      node: { name: node, uid: nodeUid },
      ...(audience === undefined ? {} : { audiences: [audience] }),
    });
  };
}
