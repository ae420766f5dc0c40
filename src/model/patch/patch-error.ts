/** A patch that cannot be applied, with the words of the API server. */
export class PatchError extends Error {
  /** What the server answers: 400 for a patch that makes no sense, 422 for one that does not fit the object, 500 for an applied configuration of another shape. */
  readonly code: 400 | 422 | 500;

  constructor(code: 400 | 422 | 500, message: string) {
    super(message);
    this.name = 'PatchError';
    this.code = code;
  }
}
