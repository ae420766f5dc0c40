import type { CommandContext } from '../context.ts';
import type { Choice, Prompts } from '../prompts.ts';

/** What can be done now, as command lines. */
export async function menu(context: CommandContext, prompts: Prompts): Promise<readonly string[]> {
  const labs = context.store.list();
  const working: Choice<string>[] = [
    { value: 'status', label: 'status: the labs that run, and the symptom as seen now' },
    { value: 'shell', label: 'shell: work on the cluster' },
    { value: 'hint', label: 'hint: the next one' },
    { value: 'diagnose', label: 'diagnose: say what is wrong' },
    { value: 'grade', label: 'grade: look at the repair' },
    { value: 'watch', label: 'watch: look again at each change' },
    { value: 'giveup', label: 'giveup: end it and see a repair' },
    { value: 'debrief', label: 'debrief: what was broken and why' },
    { value: 'stop', label: 'stop: remove the lab' },
  ];
  const always: Choice<string>[] = [
    { value: 'start', label: 'start: break a cluster' },
    { value: 'list', label: 'list: the incidents' },
    { value: 'doctor', label: 'doctor: what this machine lacks' },
  ];
  const command = await prompts.choose('What now?', labs.length > 0 ? [...working, ...always] : always);
  if (command === 'start') {
    const incident = await prompts.choose(
      'Which incident?',
      (await context.catalogue()).map(({ incident: value, title }) => ({
        value,
        label: `${value} · ${title}`,
      })),
    );
    return [command, incident];
  }
  if (labs.length < 2 || command === 'status' || always.some(({ value }) => value === command))
    return [command];
  const lab = await prompts.choose(
    'Which lab?',
    labs.map(({ name }) => ({ value: name, label: name })),
  );
  return [command, lab];
}
