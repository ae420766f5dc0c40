/** A command whose output is the same on every cluster with objects.yaml in it, but for what normalise.ts hides. */
export interface GoldenCommand {
  readonly name: string;
  readonly args: string;
  readonly stdin?: string;
}

const manifest = (text: string): string => text.replaceAll(/^ {4}/gm, '');

const TYPO = manifest(`
    apiVersion: apps/v1
    kind: Deployment
    metadata: { name: typo, namespace: golden }
    spec:
      replica: 2
      selector: { matchLabels: { app: typo } }
      template:
        metadata: { labels: { app: typo } }
        spec:
          containers: [{ name: a, image: busybox, readynessProbe: {} }]
`);

/** One unknown field: which of several a server-side apply tells depends on the order of a Go map, which is chance. */
const TYPO_SERVER_SIDE = TYPO.replace(', readynessProbe: {}', '');

const CONFLICT = manifest(`
    apiVersion: apps/v1
    kind: Deployment
    metadata: { name: web, namespace: golden }
    spec:
      replicas: 7
      template: { spec: { containers: [{ name: web, image: 'busybox:2' }] } }
`);

const INVALID = manifest(`
    apiVersion: v1
    kind: Service
    metadata: { name: Not_Valid, namespace: golden }
    spec: { ports: [{ port: 99999 }], type: Nonsense }
`);

const describe = (what: string): GoldenCommand => ({
  name: `describe-${what.replaceAll(/[ /]/g, '-')}`,
  args: `describe ${what}`,
});

/** In the order in which they run; none of them changes anything that a later one shows. */
export const commands: readonly GoldenCommand[] = [
  { name: 'get-pods', args: 'get pods' },
  { name: 'get-pods-wide', args: 'get pods -l app=web -o wide' },
  { name: 'get-workloads', args: 'get deploy,rs,job,cronjob -o wide' },
  { name: 'get-services', args: 'get svc,ep,endpointslices,ingress,netpol' },
  { name: 'get-others', args: 'get cm,secret,sa,role,rolebinding,quota,limits,pdb,hpa' },
  { name: 'get-labels', args: 'get pods -L app --show-labels --field-selector status.phase=Running' },
  { name: 'get-deployment-yaml', args: 'get deploy web -o yaml --show-managed-fields' },
  { name: 'get-service-yaml', args: 'get svc web -o yaml' },
  { name: 'get-pod-yaml', args: 'get pod failed -o yaml' },
  { name: 'get-running-pods-yaml', args: 'get pods -l app=web -o yaml' },
  { name: 'get-job-yaml', args: 'get job once -o yaml' },
  { name: 'get-nothing', args: 'get pods -l app=nothing' },
  { name: 'get-unknown', args: 'get pod unknown' },
  { name: 'get-unknown-kind', args: 'get unknowns' },
  { name: 'get-events', args: 'get events --field-selector involvedObject.name=failed' },
  describe('deployment web'),
  describe('rs -l app=web'),
  describe('pod failed'),
  describe('pod -l app=web'),
  describe('service web'),
  describe('service nobody'),
  describe('job once'),
  describe('cronjob nightly'),
  describe('cm settings'),
  describe('secret credentials'),
  describe('sa worker'),
  describe('role reader'),
  describe('rolebinding reader'),
  describe('quota quota'),
  describe('limits limits'),
  describe('netpol web'),
  describe('ingress web'),
  describe('pdb web'),
  describe('ns golden'),
  { name: 'logs', args: 'logs failed' },
  { name: 'logs-of-a-job', args: 'logs job/once' },
  { name: 'logs-by-label', args: 'logs -l app=web --prefix' },
  { name: 'logs-previous', args: 'logs failed --previous' },
  { name: 'logs-of-nothing', args: 'logs nothing' },
  { name: 'exec-in-a-dead-pod', args: 'exec failed -- true' },
  { name: 'exec-missing', args: 'exec deploy/web -- nonsense' },
  { name: 'exec-exit-code', args: 'exec deploy/web -- sh -c exit${IFS}4' },
  { name: 'exec-no-container', args: 'exec deploy/web -c nonsense -- true' },
  { name: 'rollout-history', args: 'rollout history deploy/web' },
  { name: 'rollout-history-revision', args: 'rollout history deploy/web --revision 1' },
  { name: 'rollout-status', args: 'rollout status deploy/web' },
  { name: 'can-i', args: 'auth can-i --list --as system:serviceaccount:golden:worker' },
  { name: 'can-i-not', args: 'auth can-i delete pods --as jane' },
  { name: 'forbidden', args: 'delete pod failed --as jane' },
  { name: 'forbidden-list', args: 'get secrets --as system:serviceaccount:golden:worker' },
  { name: 'typo', args: 'apply -f -', stdin: TYPO },
  { name: 'typo-server-side', args: 'apply --server-side -f -', stdin: TYPO_SERVER_SIDE },
  { name: 'conflict', args: 'apply --server-side --field-manager other -f -', stdin: CONFLICT },
  { name: 'invalid', args: 'create -f -', stdin: INVALID },
  { name: 'exists', args: 'create configmap settings' },
  { name: 'quota-exceeded', args: 'create quota q --hard=pods=-1' },
  { name: 'patch-invalid', args: 'patch deploy web -p {"spec":{"replicas":-1}}' },
  { name: 'patch-immutable', args: 'patch deploy web -p {"spec":{"selector":{"matchLabels":{"a":"b"}}}}' },
  { name: 'set-image-unknown', args: 'set image deploy/web nonsense=busybox' },
  {
    name: 'limit-exceeded',
    args: 'run big --image=busybox:1.37 --overrides={"spec":{"containers":[{"name":"big","image":"busybox","resources":{"limits":{"memory":"1Gi"}}}]}}',
  },
  { name: 'top', args: 'top pods' },
  { name: 'api-resources', args: 'api-resources' },
  { name: 'api-versions', args: 'api-versions' },
  { name: 'explain', args: 'explain deployment.spec.strategy' },
  { name: 'explain-recursive', args: 'explain networkpolicy.spec.egress --recursive' },
  {
    name: 'dry-run-deployment',
    args: 'create deployment dry --image=busybox --replicas=3 --dry-run=server -o yaml',
  },
  { name: 'dry-run-pod', args: 'run dry --image=busybox --dry-run=server -o yaml' },
  {
    name: 'dry-run-cronjob',
    args: 'create cronjob dry --image=busybox --schedule=*/5${IFS}*${IFS}*${IFS}*${IFS}* --dry-run=server -o yaml',
  },
  { name: 'wait-timeout', args: 'wait --for=condition=Complete job/nothing --timeout=1s' },
];

/** Words of a command; `${IFS}` stands for a blank inside a word. */
export function words({ args }: GoldenCommand): string[] {
  return ['-n', 'golden', ...args.split(' ').map((word) => word.replaceAll('${IFS}', ' '))];
}
