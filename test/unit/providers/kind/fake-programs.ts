import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs on a PATH of their own: they note how they were called, then do what a test gave them, in shell. */
export class FakePrograms implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'fake-programs-'));
  readonly #bin = join(this.folder, 'bin');
  readonly #path = process.env['PATH'];

  constructor() {
    mkdirSync(this.#bin);
    process.env['PATH'] = this.#bin;
  }

  /** @param body builtins of sh only; `$FAKE` is a folder for what it remembers */
  set(program: string, body: string): void {
    const path = join(this.#bin, program);
    const note = `echo "${program} $*" >> "${this.folder}/calls"`;
    writeFileSync(path, `#!/bin/sh\nFAKE=${this.folder}\n${note}\n${body}\n`);
    chmodSync(path, 0o755);
  }

  /** Command lines so far, one a call. */
  calls(): readonly string[] {
    return readFileSync(join(this.folder, 'calls'), 'utf8').trimEnd().split('\n');
  }

  [Symbol.dispose](): void {
    process.env['PATH'] = this.#path;
    rmSync(this.folder, { recursive: true });
  }
}
