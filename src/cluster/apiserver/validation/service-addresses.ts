import type { Service } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { addressProblems, isIPv6 } from './formats.ts';
import type { Problems } from './problems.ts';

type Spec = Draft<Service['spec']>;

const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const FIELD = 'spec.clusterIPs';
const MOST = 2;

/** Of a Service: its addresses and their families, which fit each other. */
export function checkServiceAddresses(problems: Problems, spec: Spec): void {
  const { clusterIP = '', clusterIPs = [], ipFamilies = [] } = spec;
  const before = problems.list.length;
  if (clusterIP === '') {
    if (clusterIPs.length > 0)
      problems.invalid(FIELD, clusterIPs, 'must be empty when `clusterIP` is not specified');
  } else if (clusterIPs.length === 0) problems.required(FIELD);
  else if (clusterIPs[0] !== clusterIP)
    problems.invalid(FIELD, clusterIPs, 'first value must match `clusterIP`');
  const seen = new Set<string>();
  ipFamilies.forEach((family, index) => {
    problems.oneOf(`spec.ipFamilies[${index}]`, family, FAMILIES);
    if (seen.has(family)) problems.duplicate(`spec.ipFamilies[${index}]`, family);
    seen.add(family);
  });
  problems.oneOf('spec.ipFamilyPolicy', spec.ipFamilyPolicy, POLICIES);
  if (!checkEach(problems, clusterIPs)) return;
  if (clusterIPs.length > 1 && isIPv6(clusterIPs[0] ?? '') === isIPv6(clusterIPs[1] ?? '')) {
    problems.invalid(FIELD, clusterIPs, 'may specify no more than one IP for each IP family');
  }
  if (problems.list.length > before || clusterIP === 'None') return;
  clusterIPs.forEach((address, index) => {
    const family = ipFamilies[index];
    if (family === undefined || isIPv6(address) === (family === 'IPv6')) return;
    const why = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    problems.invalid(`${FIELD}[${index}]`, address, why);
  });
}

/** @returns whether all of them are addresses */
function checkEach(problems: Problems, clusterIPs: readonly string[]): boolean {
  let areValid = true;
  clusterIPs.forEach((address, index) => {
    if (index === 0 && address === 'None') {
      if (clusterIPs.length === 1) return;
      areValid = false;
      problems.invalid(FIELD, clusterIPs, "'None' must be the first and only value");
      return;
    }
    const wrong = addressProblems(address);
    if (wrong.length > 0) areValid = false;
    problems.invalidFor(`${FIELD}[${index}]`, address, wrong);
  });
  if (clusterIPs.length > MOST) problems.invalid(FIELD, clusterIPs, `may only hold up to ${MOST} values`);
  return areValid;
}
