/** Text that Kubernetes would refuse too; the message is Kubernetes' own. */
export class ParseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ParseError';
  }
}
