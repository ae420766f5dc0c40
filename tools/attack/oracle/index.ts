import { resources } from '../../../src/model/resources.ts';
import { nothingMadeAgain } from './ask.ts';
import { dnsCorefileCrash, dnsNxdomain } from './dns.ts';
import { dnsSlow, dnsStale } from './dns-cache.ts';
import { imagePullPolicy, imagePullSecret, imageRegistry, imageTagTypo } from './images.ts';
import { oomLeak, oomLimit } from './memory.ts';
import { dnsBlocked, dnsPolicy, dnsRandomIp } from './more-dns.ts';
import { livenessTooEager, readinessProbe } from './probes.ts';
import { type Oracle, question } from './view.ts';

const own: Readonly<Record<string, Oracle>> = {
  'readiness-probe': readinessProbe,
  'liveness-too-eager': livenessTooEager,
  'dns-nxdomain': dnsNxdomain,
  'dns-corefile-crash': dnsCorefileCrash,
  'dns-policy': dnsPolicy,
  'dns-blocked': dnsBlocked,
  'dns-random-ip': dnsRandomIp,
  'dns-stale': dnsStale,
  'dns-slow': dnsSlow,
  'image-tag-typo': imageTagTypo,
  'image-pull-secret': imagePullSecret,
  'image-pull-policy': imagePullPolicy,
  'image-registry': imageRegistry,
  'oom-limit': oomLimit,
  'oom-leak': oomLeak,
};

const { statefulSets, persistentVolumeClaims, services } = resources;
const data = [statefulSets, persistentVolumeClaims];
/** The fault itself makes a Service again: what names lead to is all that counts there. */
const SERVICES_MADE_AGAIN = new Set(['dns-stale']);

/** By the id of the scenario whose ticket they judge. */
export const oracles: Readonly<Record<string, Oracle>> = Object.fromEntries(
  Object.entries(own).map(([id, oracle]) => {
    const kinds = SERVICES_MADE_AGAIN.has(id) ? data : [...data, services];
    const kept = question('data and addresses are those of before', (view) => nothingMadeAgain(view, kinds));
    return [id, { ...oracle, questions: [...oracle.questions, kept] }];
  }),
);
