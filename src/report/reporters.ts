import { classroom } from './classroom.ts';
import { html } from './html/page.ts';
import { junit } from './junit.ts';
import { markdown } from './markdown.ts';
import type { LabReport } from './summary.ts';

/** Makes one file of a report. A reporter only reads. */
export interface Reporter {
  readonly file: string;
  readonly render: (report: LabReport) => string;
}

/** Every format by its name. */
export const reporters = {
  json: { file: 'report.json', render: (report) => `${JSON.stringify(report, undefined, 2)}\n` },
  md: { file: 'report.md', render: markdown },
  html: { file: 'report.html', render: html },
  junit: { file: 'junit.xml', render: junit },
  classroom: { file: 'classroom.json', render: classroom },
} as const satisfies Readonly<Record<string, Reporter>>;
