import type { Service } from '../../model/objects.ts';
import type { FieldProblem } from './pipeline.ts';
import { isIPv6 } from './validation/formats.ts';
import { Problems } from './validation/problems.ts';
import { checkServiceAddresses } from './validation/service-addresses.ts';

type Spec = Partial<Service['spec']>;

/** The one family that Services have addresses of. */
const CONFIGURED = 'IPv4';
const POLICY = 'spec.ipFamilyPolicy';

/**
 * Says of which families a Service is, where it does not say so itself, before it is given addresses.
 * @returns why it cannot be so
 * @see https://kubernetes.io/docs/concepts/services-networking/dual-stack/
 */
export function settleFamilies(spec: Spec): readonly FieldProblem[] {
  if (spec.type === 'ExternalName') return [];
  // Who keeps the endpoints of a Service by hand may keep any.
  const isByHand = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  const policy = (spec.ipFamilyPolicy ??= isByHand ? 'RequireDualStack' : 'SingleStack');
  const problems = new Problems();
  checkServiceAddresses(problems, spec);
  if (problems.list.length > 0) return problems.list;
  if (policy === 'SingleStack') checkSingle(problems, spec);
  inferFamilies(problems, spec);
  if (problems.list.length > 0) return problems.list;
  const families = (spec.ipFamilies ??= []);
  if (!isByHand) checkConfigured(problems, policy, families);
  if (problems.list.length > 0) return problems.list;
  if (families.length === 0) families.push(CONFIGURED);
  if (isByHand && policy !== 'SingleStack' && families.length === 1) {
    families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4');
  }
  return [];
}

function checkSingle(problems: Problems, { clusterIPs = [], ipFamilies = [] }: Spec): void {
  const complain = (what: string): void => {
    const why = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
    problems.invalid(POLICY, 'SingleStack', why);
  };
  if (clusterIPs.length === 2) complain('cluster IPs');
  if (ipFamilies.length === 2) complain('IP families');
}

/** An address says of which family it is. */
function inferFamilies(problems: Problems, spec: Spec): void {
  const { clusterIPs = [] } = spec;
  if (clusterIPs[0] === 'None') return;
  clusterIPs.forEach((address, index) => {
    const families = (spec.ipFamilies ??= []);
    if (index < families.length) return;
    const family = isIPv6(address) ? 'IPv6' : 'IPv4';
    if (family === CONFIGURED) families.push(family);
    else
      problems.invalid(
        `spec.clusterIPs[${index}]`,
        clusterIPs,
        `${family} is not configured on this cluster`,
      );
  });
}

function checkConfigured(problems: Problems, policy: string, families: readonly string[]): void {
  if (policy === 'RequireDualStack') {
    problems.invalid(POLICY, policy, 'this cluster is not configured for dual-stack services');
  }
  families.forEach((family, index) => {
    if (family === CONFIGURED) return;
    problems.invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster');
  });
}
