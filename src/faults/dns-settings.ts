import type { PodSpec } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import type { DeploymentRef } from './deployments.ts';
import type { Fault } from './fault.ts';
import { patchPods } from './images.ts';

/** The pods look names up in another way than the cluster's; fields that it had not are taken out again. */
export function dnsSettings(
  of: DeploymentRef,
  settings: { readonly dnsPolicy: string; readonly dnsConfig?: PodSpec['dnsConfig'] },
  describe: string,
): Fault {
  return {
    name: 'dns-settings',
    describe,
    inject: async (lab) => {
      const before = await lab.kube.get(resources.deployments, of.namespace, of.name);
      await patchPods(lab, of, settings);
      return async (again) => {
        const { dnsPolicy = 'ClusterFirst', dnsConfig = null } = before?.spec.template.spec ?? {};
        await patchPods(again, of, { dnsPolicy, dnsConfig });
      };
    },
  };
}
