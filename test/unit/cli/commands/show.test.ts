import { expect, test } from '@jest/globals';
import { runWith } from '../../support/context.ts';
import { testLab } from '../../support/lab.ts';
import { settingsScenario } from '../../support/settings-scenario.ts';
import { between } from '../../../../src/scenario/variants.ts';

test('the ticket is that of the lab, where there is one', async () => {
  const scenario = settingsScenario({
    variants: { wrong: between(1, 1_000_000) },
    ticket: ({ wrong }) => `The limit is ${String(wrong)}.`,
  });
  using lab = testLab({ scenario });
  const before = await runWith(lab, ['show', 'INC-9100']);
  expect(before.text).toContain('Names differ from lab to lab; these are those of seed 1.');
  await runWith(lab, ['start', '--seed', '7']);
  const { text, document } = await runWith(lab, ['show', 'INC-9100']);
  expect(text).toContain('As in your lab inc-9100.');
  expect(document).toMatchObject({ lab: 'inc-9100', ticket: scenario.ticket(lab.incident.values) });
  expect(before.document).not.toMatchObject({ ticket: scenario.ticket(lab.incident.values) });
});
