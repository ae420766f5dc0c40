import { classMarkdown } from './markdown.ts';
import { classHtml } from './page.ts';
import type { ClassSummary } from './summary.ts';

/** Makes one file of a class summary. */
export interface ClassReporter {
  readonly file: string;
  readonly render: (summary: ClassSummary) => string;
}

/** Every format of a class summary by its name. */
export const classReporters = {
  json: { file: 'class.json', render: (summary) => `${JSON.stringify(summary, undefined, 2)}\n` },
  md: { file: 'class.md', render: classMarkdown },
  html: { file: 'class.html', render: classHtml },
} as const satisfies Readonly<Record<string, ClassReporter>>;
