import { equal } from '../../../core/json.ts';
import { labelKeyProblems } from '../../../model/label-syntax.ts';
import type { StorageClass } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import type { Problems } from './problems.ts';

type Topologies = NonNullable<StorageClass['allowedTopologies']>;

/** https://kubernetes.io/docs/concepts/storage/storage-classes/ */
export function checkStorageClass(problems: Problems, storageClass: Draft<StorageClass>): void {
  const provisioner = (storageClass.provisioner ?? '').toLowerCase();
  if (provisioner === '') problems.required('provisioner');
  else problems.invalidFor('provisioner', provisioner, labelKeyProblems(provisioner));
  if (Object.hasOwn(storageClass.parameters ?? {}, '')) {
    problems.invalid('parameters', '', 'field can not be empty.');
  }
  problems.oneOf('reclaimPolicy', storageClass.reclaimPolicy, ['Delete', 'Retain']);
  problems.oneOf('volumeBindingMode', storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
  checkTopologies(problems, storageClass.allowedTopologies ?? []);
}

function checkTopologies(problems: Problems, topologies: Draft<Topologies>): void {
  // Kubernetes compares with a list that it has made too long: what asks for nothing is there already.
  const seen: object[] = [{}];
  topologies.forEach(({ matchLabelExpressions = [] }, index) => {
    const field = `allowedTopologies[${index}].matchLabelExpressions`;
    const values = new Map<string, readonly string[]>();
    matchLabelExpressions.forEach(({ key = '', values: list = [] }, position) => {
      const at = `${field}[${position}]`;
      if (list.length === 0) problems.required(`${at}.values`);
      list.forEach((value, which) => {
        if (list.indexOf(value) < which) problems.duplicate(`${at}.values[${which}]`, value);
      });
      problems.invalidFor(`${at}.key`, key, labelKeyProblems(key));
      if (values.has(key)) problems.duplicate(`${at}.key`, key);
      values.set(key, [...new Set(list)].sort());
    });
    const asked = Object.fromEntries(values);
    if (seen.some((other) => equal(other, asked))) problems.duplicate(field, '');
    seen.push(asked);
  });
}

export function checkStorageClassUpdate(
  problems: Problems,
  storageClass: StorageClass,
  old: StorageClass,
): void {
  for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
    problems.immutable(field, storageClass[field], equal(storageClass[field], old[field]));
  }
}
