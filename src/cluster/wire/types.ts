import type { ApiRequest, ApiResponse } from '../apiserver/types.ts';

/** What stands behind the HTTPS server: the lab's host, which logs inputs, keeps the turns and asks the API server. */
export interface RequestHandler {
  /** Resolves with the answer; never rejects (a failure inside is a 500 Status). */
  handle(request: ApiRequest): Promise<ApiResponse>;
}
