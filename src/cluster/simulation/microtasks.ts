/**
 * Node's own way of emptying the queue of microtasks in the middle of a task, as it does itself between two
 * immediates. It is no documented API, and every Node has it (docs/decisions/0008-draining-microtasks.md): a macrotask
 * for every event of a simulation would cost as much as the event.
 */
const { _tickCallback: tick } = process as { _tickCallback?: () => void };

/**
 * Runs every microtask that waits, and those that they add, until there is none. Only within {@link inTask}: a
 * continuation of a promise is a microtask itself, in which nothing would happen.
 */
export function drainMicrotasks(): void {
  if (tick === undefined)
    throw new Error(`Node ${process.version} has no process._tickCallback: take Node 24`);
  tick();
}

/** Runs `work` in a task of its own. Rejects with what it throws. */
export function inTask(work: () => void): Promise<void> {
  const worked = (): Promise<void> =>
    new Promise((done) => {
      work();
      done();
    });
  return new Promise((resolve) => {
    // eslint-disable-next-line no-restricted-globals -- not a clock: the way out of the queue of microtasks
    setImmediate(() => resolve(worked()));
  });
}
