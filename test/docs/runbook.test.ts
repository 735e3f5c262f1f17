import { parse } from 'yaml';
import { readText } from './markdown';

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const { groups } = parse(readText('infra/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const [, ...sections] = readText('docs/runbook.md').split(/^## /m);

it('every alert has its section in the runbook, and every section its alert', () => {
  expect(sections.map((section) => section.split('\n')[0])).toEqual(rules.map(({ alert }) => alert));
});

it.each(rules)('$alert has a severity, and names its section', ({ alert, labels, annotations }) => {
  expect(['critical', 'warning', 'info']).toContain(labels.severity);
  expect(annotations.summary).toMatch(/\.$/);
  expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
});

it.each(sections.map((section) => [section.split('\n')[0], section]))(
  '%s says what it means, how to see more, and what to do',
  (_, section) => {
    const parts = [...section.matchAll(/^\*\*(.+?)\.\*\*/gm)].map(([, part]) => part);
    expect(parts).toEqual(['Meaning', 'See more', 'What to do']);
    expect(section.split('```promql').length).toBe(2);
  }
);
