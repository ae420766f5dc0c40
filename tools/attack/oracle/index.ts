import { dnsCorefileCrash, dnsNxdomain } from './dns.ts';
import { dnsSlow, dnsStale } from './dns-cache.ts';
import { imagePullPolicy, imagePullSecret, imageRegistry, imageTagTypo } from './images.ts';
import { oomLeak, oomLimit } from './memory.ts';
import { dnsBlocked, dnsPolicy, dnsRandomIp } from './more-dns.ts';
import { livenessTooEager, readinessProbe } from './probes.ts';
import type { Oracle } from './view.ts';

/** By the id of the scenario whose ticket they judge. */
export const oracles: Readonly<Record<string, Oracle>> = {
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
