import { expect, test } from '@jest/globals';
import { BusyboxLab } from '../support.ts';

test('httpd in the background: an exec of it ends at once', async () => {
  const lab = new BusyboxLab();
  const started = await lab.exec(lab.container, ['httpd', '-p', '8080', '-h', '/etc']);
  expect(started).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect((await lab.sh('ps')).stdout).toContain('httpd -p 8080 -h /etc');
});

test('httpd that a script leaves behind does not hold the script', async () => {
  const lab = new BusyboxLab();
  expect(await lab.sh('httpd -p 8080; echo done')).toMatchObject({ stdout: 'done\n', code: 0 });
});
