import { expect, test } from '@jest/globals';
import { runWith } from '../../support/context.ts';
import { testLab } from '../../support/lab.ts';
import { settingsScenario } from '../../support/settings-scenario.ts';

test('an empty line of the story begins a paragraph, and its other lines flow together', async () => {
  using lab = testLab({ scenario: settingsScenario({ debrief: () => 'One\nline.\n\nAnd another.' }) });
  await runWith(lab, ['start']);
  const { text } = await runWith(lab, ['debrief', '--anyway']);
  expect(text).toContain('Why it looked as it did\n  One line.\n\n  And another.\n\nWhat you did\n');
});
