import { definitions } from '../custom/definition.ts';
import type { AdmissionPlugin } from '../pipeline.ts';
import { refusal } from './refuse.ts';

/** Nothing new of a definition that is being deleted: its objects would never be all gone. */
export const customResourceLifecycle: AdmissionPlugin = {
  name: 'CustomResourceLifecycle',
  mutate(attributes) {
    const { api, operation, read, resource } = attributes;
    if (read === undefined || operation !== 'CREATE') return;
    const conditions = api.get(definitions, undefined, resource.id)?.status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === 'Terminating' && status === 'True'))
      throw refusal(attributes, 'create not allowed while custom resource definition is terminating');
  },
};
