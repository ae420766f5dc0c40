/** Commands that only processes of this program are started with. */
export const hiddenCommands = {
  /** Serves a lab. */
  labProcess: 'lab-process',
  /** Does proofs of `breakfix verify`. */
  verifyWorker: 'verify-worker',
} as const;
