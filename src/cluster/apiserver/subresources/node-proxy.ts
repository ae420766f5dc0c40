import type { Pod } from '../../../model/objects.ts';
import { textResponse } from '../http/responses.ts';
import type { RestParts } from '../rest/resource-request.ts';
import type { ApiResponse } from '../types.ts';

/** The port of a kubelet's own API. */
export const KUBELET_PORT = 10_250;
const TEXT = 'text/plain; charset=utf-8';

/**
 * What the kubelet of a node answers through `nodes/proxy`: whether it is well, and the pods it runs. It has more on
 * a real node. https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/
 */
export function kubeletAnswer(parts: RestParts, node: string, path: string): ApiResponse {
  switch (path) {
    case '/healthz':
      return textResponse(200, TEXT, 'ok');
    case '/pods':
    case '/pods/':
      return textResponse(200, 'application/json', JSON.stringify(podsOf(parts, node)));
    default:
      return textResponse(404, TEXT, '404 page not found\n');
  }
}

function podsOf(parts: RestParts, node: string): object {
  const items = (parts.store.list('pods') as unknown as Pod[]).filter(({ spec }) => spec.nodeName === node);
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}
