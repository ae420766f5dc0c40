import type { JournalEntry } from '../../src/report/journal.ts';

/** The journal of a lab in which one text stands wherever the cluster, an author or a learner writes something. */
export function hostileJournal(text: string): JournalEntry[] {
  const at = (second: number): string => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
  const part = { title: text, expected: text, seen: text, tookMs: 1500 };
  const probe = { from: text, asked: `GET ${text}` };
  return [
    {
      time: at(0),
      type: 'planned',
      incident: text,
      seed: 7,
      provider: text,
      title: text,
      ticket: text,
      rules: [text],
    },
    {
      time: at(1),
      type: 'phase',
      phase: 'healthy',
      tookMs: 5,
      probes: [{ ...probe, fromMs: 0, toMs: 0, attempts: 1, succeeded: 1, outcomes: { '200': 1 } }],
    },
    { time: at(10), type: 'handed-over' },
    { time: at(20), type: 'hint', number: 1, price: 5, text },
    {
      time: at(30),
      type: 'diagnosis',
      answers: [{ question: text, given: text, right: false, points: 0, most: 10 }],
    },
    {
      time: at(40),
      type: 'changed',
      changes: [{ object: text, field: text, before: text, after: text }],
    },
    {
      time: at(70),
      type: 'graded',
      verdict: 'error',
      points: 0,
      most: 100,
      hintPrice: 0,
      objectives: [
        {
          ...part,
          id: text,
          status: 'fail',
          points: 60,
          probes: [
            { ...probe, fromMs: 0, toMs: 0, attempts: 1, succeeded: 1, outcomes: { '200': 1 } },
            {
              ...probe,
              fromMs: 1000,
              toMs: 10_000,
              attempts: 100,
              succeeded: 90,
              outcomes: { '200': 90, [text]: 10 },
            },
          ],
        },
      ],
      safeguards: [{ ...part, id: text, status: 'error', price: 'veto' }],
      onCopy: true,
      tookMs: 1500,
    },
  ];
}
