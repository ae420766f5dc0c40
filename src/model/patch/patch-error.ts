/** A patch that cannot be applied, with the words of the API server. */
export class PatchError extends Error {
  /**
   * What the server answers: 400 for a patch that is malformed, 500 (without a reason) for one that does not go
   * with the type, 422 for a JSON patch that does not fit the object. In the 422 the API server hides the message
   * behind `the server rejected our request due to an error in our request`.
   */
  readonly code: 400 | 422 | 500;

  constructor(code: 400 | 422 | 500, message: string) {
    super(message);
    this.name = 'PatchError';
    this.code = code;
  }
}
