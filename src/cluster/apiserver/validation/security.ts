import type { PodSpec, SecurityContext } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { goForm, SECURITY_CONTEXT } from './go-form.ts';
import type { Problems } from './problems.ts';

const ID_RANGE = 'must be between 0 and 2147483647, inclusive';
const LARGEST_ID = 2_147_483_647;
const SECCOMP_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;

interface MoreFields {
  procMount?: string;
  appArmorProfile?: { type?: string; localhostProfile?: string };
  seLinuxOptions?: unknown;
  windowsOptions?: unknown;
}

/** https://kubernetes.io/docs/tasks/configure-pod-container/security-context/ */
export function checkContainerSecurity(
  problems: Problems,
  field: string,
  context: (Draft<SecurityContext> & MoreFields) | undefined,
  pod: Draft<PodSpec> & { hostUsers?: boolean },
): void {
  if (context === undefined) return;
  checkId(problems, `${field}.runAsUser`, context.runAsUser);
  checkId(problems, `${field}.runAsGroup`, context.runAsGroup);
  problems.oneOf(`${field}.procMount`, context.procMount, ['Default', 'Unmasked']);
  if (context.procMount === 'Unmasked' && pod.hostUsers !== false)
    problems.invalid(`${field}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`');
  checkSeccomp(problems, `${field}.seccompProfile`, context.seccompProfile);
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) {
      problems.invalid(
        field,
        goForm(SECURITY_CONTEXT, context),
        'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      );
    }
    if (context.capabilities?.add?.some((name) => name === 'CAP_SYS_ADMIN') === true) {
      problems.invalid(
        field,
        goForm(SECURITY_CONTEXT, context),
        'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
      );
    }
  }
  problems.oneOf(`${field}.appArmorProfile.type`, context.appArmorProfile?.type, SECCOMP_TYPES);
}

function checkId(problems: Problems, field: string, id: number | undefined): void {
  if (id !== undefined && (id < 0 || id > LARGEST_ID)) problems.invalid(field, id, ID_RANGE);
}

function checkSeccomp(
  problems: Problems,
  field: string,
  profile: { type?: string | undefined; localhostProfile?: string | undefined } | undefined,
): void {
  if (profile === undefined) return;
  const { type = '', localhostProfile } = profile;
  problems.oneOf(`${field}.type`, type, SECCOMP_TYPES);
  if (type === 'Localhost' && (localhostProfile ?? '') === '') {
    problems.required(`${field}.localhostProfile`, 'must be set when seccomp type is Localhost');
  } else if (type !== 'Localhost' && localhostProfile !== undefined) {
    problems.invalid(
      `${field}.localhostProfile`,
      localhostProfile,
      'can only be set when seccomp type is Localhost',
    );
  }
}

export function checkPodSecurity(problems: Problems, field: string, spec: Draft<PodSpec>): void {
  const context = spec.securityContext ?? {};
  const at = `${field}.securityContext`;
  checkId(problems, `${at}.fsGroup`, context.fsGroup);
  checkId(problems, `${at}.runAsUser`, context.runAsUser);
  checkId(problems, `${at}.runAsGroup`, context.runAsGroup);
  (context.supplementalGroups ?? []).forEach((group, index) => {
    checkId(problems, `${at}.supplementalGroups[${index}]`, group);
  });
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const why = 'ShareProcessNamespace and HostPID cannot both be enabled';
    problems.invalid(`${at}.shareProcessNamespace`, true, why);
  }
  const names = new Set<string>();
  (context.sysctls ?? []).forEach(({ name = '' }, index) => {
    const path = `${at}.sysctls[${index}].name`;
    if (name === '') problems.required(path);
    else if (name.length > 253 || !SYSCTL.test(name)) {
      problems.invalid(
        path,
        name,
        'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
      );
    } else if (names.has(name)) problems.duplicate(path, name);
    names.add(name);
  });
  problems.oneOf(`${at}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
  checkSeccomp(problems, `${at}.seccompProfile`, context.seccompProfile);
  problems.oneOf(`${at}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ['Merge', 'Strict']);
}
