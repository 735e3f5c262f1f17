import { LOG_FIELDS } from '../../workers/log/log-fields';
import { createProgram } from '../../cli/program';
import { readText, tablesBelow } from './markdown';

const text = readText('docs/logs.md');

it('the page about logs lists every field that a line may have, with its type, and no other', () => {
  const rows = tablesBelow(text, 'Fields').flatMap((table) => table.slice(1));
  const documented = rows.map(([field, type]) => [field!, type!] as const);
  const byName = (a: readonly string[], b: readonly string[]): number => (a[0]! < b[0]! ? -1 : 1);
  expect([...documented].sort(byName)).toEqual(Object.entries(LOG_FIELDS).sort(byName));
});

it('the page about logs lists the levels of --log-level', () => {
  const [table] = tablesBelow(text, 'Levels');
  const levels = table!.slice(1).map(([level]) => level!);
  const worker = createProgram().commands.find((command) => command.name() === 'worker')!;
  const option = worker.options.find(({ long }) => long === '--log-level')!;
  expect(option.description.split(' | ')).toEqual(levels.reverse());
});
