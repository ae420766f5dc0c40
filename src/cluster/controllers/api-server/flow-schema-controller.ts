import { edit } from '../../../core/json.ts';
import type { Condition } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';

/**
 * Says of each FlowSchema whether the priority level that it names is there.
 * https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#flowschema
 */
export function startFlowSchemaController({
  simulation,
  api,
  watches,
}: Pick<ControllerContext, 'simulation' | 'api' | 'watches'>): void {
  const queue = new WorkQueue(simulation, 'flow-schema', sync);

  function sync(name: string): void {
    const schema = api.get(resources.flowSchemas, undefined, name);
    if (schema === undefined) return;
    const level = schema.spec.priorityLevelConfiguration.name;
    const isThere = api.get(resources.priorityLevels, undefined, level) !== undefined;
    const status: Condition['status'] = isThere ? 'False' : 'True';
    const before = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
    const named = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
    const message = `${named} ${isThere ? 'and it exists' : 'but there is no such object'}`;
    if (before?.status === status && before.message === message) return;
    const reason = isThere ? 'Found' : 'NotFound';
    const condition = {
      type: 'Dangling',
      status,
      lastTransitionTime: simulation.timestamp(),
      reason,
      message,
    };
    api.updateStatus(
      resources.flowSchemas,
      edit(schema, (draft) => {
        draft.status = { conditions: [condition] };
      }),
    );
  }

  watches.on(resources.flowSchemas, ({ type, object }) => {
    if (type !== 'DELETED') queue.add(object.metadata.name);
  });
  watches.on(resources.priorityLevels, ({ type, object: { metadata } }) => {
    if (type === 'MODIFIED') return;
    for (const schema of api.list(resources.flowSchemas)) {
      if (schema.spec.priorityLevelConfiguration.name === metadata.name) queue.add(schema.metadata.name);
    }
  });
}
