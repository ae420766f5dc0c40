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
  expect(before.text).toContain('Names differ from lab to lab; these are the names of seed 1.');
  await runWith(lab, ['start', '--seed', '7']);
  const { text, document } = await runWith(lab, ['show', 'INC-9100']);
  expect(text).toContain('As in your lab inc-9100.');
  expect(document).toMatchObject({ lab: 'inc-9100', ticket: scenario.ticket(lab.incident.values) });
  expect(before.document).not.toMatchObject({ ticket: scenario.ticket(lab.incident.values) });
});

test('the rules of the house have a heading of their own, and programs get all in one list', async () => {
  const house = 'Nobody else is harmed.';
  using lab = testLab({ scenario: settingsScenario({ houseRules: () => [house] }) });
  const own = 'The map stays the same object.';
  const { text, document } = await runWith(lab, ['show', 'INC-9100']);
  expect(text).toContain(`Rules\n- ${own}\n\nHouse rules\n- ${house}`);
  expect(document).toMatchObject({ rules: [own, house] });
  const started = await runWith(lab, ['start']);
  expect(started.text).toContain(`Rules\n- ${own}\n\nHouse rules\n- ${house}\n\nGet to work\n`);
  expect(started.document).toMatchObject({ rules: [own, house] });
});

test('where there are no rules of the house there is no such heading', async () => {
  using lab = testLab({ scenario: settingsScenario({}) });
  expect((await runWith(lab, ['show', 'INC-9100'])).text).not.toContain('House');
});
