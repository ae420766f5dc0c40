import type { AnyObject } from '../../../model/objects.ts';
import { contentResponse, listContent, objectContent } from '../rest/representation.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { notFound } from '../status.ts';
import type { ApiResponse } from '../types.ts';

const WARNING = 'v1 ComponentStatus is deprecated in v1.19+';

/** The control plane as `kubectl get cs` shows it: made for each request, always healthy. */
const statuses = ['controller-manager', 'scheduler', 'etcd-0'].map((name): AnyObject => ({
  kind: 'ComponentStatus',
  apiVersion: 'v1',
  metadata: { name } as AnyObject['metadata'],
  conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
}));
/** How the server names the resource when it has none. */
const NAMED = { group: '', plural: 'componentstatus', id: 'componentstatus' };

/** GET `componentstatuses`, one or all. */
export function componentStatuses(parts: RestParts, request: ResourceRequest): ApiResponse {
  request.warnings.push(WARNING);
  const context = { ...request, now: parts.simulation.now };
  if (request.name === '') {
    return contentResponse(request, 200, listContent(context, statuses, {}));
  }
  const status = statuses.find(({ metadata }) => metadata.name === request.name);
  if (status === undefined) throw notFound(NAMED, request.name);
  return contentResponse(request, 200, objectContent(context, status));
}
