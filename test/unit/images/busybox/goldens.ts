import { describe, expect, it } from '@jest/globals';
import { casesOf, isOf, recordings, type Area } from '../../../golden/busybox/cases.ts';
import { BusyboxLab } from '../support.ts';

/** One test for each case of an area: ours prints and ends as the real one was recorded to. */
export function testGoldens(area: Area): void {
  describe(`${area}, as busybox 1.37 does it`, () => {
    const recorded = recordings()[area] ?? {};
    for (const [name, given] of Object.entries(casesOf(area))) {
      it(name, async () => {
        const golden = recorded[name];
        // A case that was changed and not recorded again: node test/golden/busybox/record.ts
        expect(isOf(golden, given)).toBe(true);
        const lab = new BusyboxLab(given.user === 'nobody' ? { user: { uid: 65534, gid: 65534 } } : {});
        const { stdin } = given;
        const { stdout, stderr, code } = await lab.sh(given.script, stdin === undefined ? {} : { stdin });
        expect({ stdout, stderr, code }).toEqual({
          stdout: golden?.stdout,
          stderr: golden?.stderr,
          code: golden?.code,
        });
      });
    }
  });
}
