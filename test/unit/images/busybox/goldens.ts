import { describe, expect, it } from '@jest/globals';
import { casesOf, isOf, recordings, type Area } from '../../../golden/busybox/cases.ts';
import { BusyboxLab } from '../support.ts';

/** What differs between builds: version and details of the text that follows wrong options. */
const USAGE = /^BusyBox v1\.37\.0 \(.*\) multi-call binary\.\n\nUsage: (\S+)[^]*/m;

function normal({
  stdout,
  stderr,
  code,
}: {
  stdout: string;
  stderr: string;
  code: number | undefined;
}): object {
  return { stdout, stderr: stderr.replace(USAGE, 'usage of $1'), code };
}

/** One test for each case of an area: ours prints and ends as the real one was recorded to. */
export function testGoldens(area: Area): void {
  describe(`${area}, as busybox 1.37 does it`, () => {
    const recorded = recordings()[area] ?? {};
    for (const [name, given] of Object.entries(casesOf(area))) {
      it(
        name,
        async () => {
          const golden = recorded[name];
          if (golden === undefined || !isOf(golden, given)) {
            throw new Error('this case is not recorded: run node test/golden/busybox/record.ts');
          }
          const lab = new BusyboxLab(given.user === 'nobody' ? { user: { uid: 65534, gid: 65534 } } : {});
          const { stdin } = given;
          const ours = await lab.sh(given.script, stdin === undefined ? {} : { stdin });
          expect(normal(ours)).toEqual(normal(golden));
          // The time is for a machine that does other things as well.
        },
        60_000,
      );
    }
  });
}
