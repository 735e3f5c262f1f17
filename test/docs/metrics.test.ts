import { ERROR_CLASSES } from '../../activities/thread/protocol';
import { createMetrics } from '../../workers/metrics';
import { readText, tablesBelow } from './markdown';

interface DocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

const text = readText('docs/metrics.md');
// Some metrics are only where there is a CUDA device.
const { registry } = createMetrics({ memoryBudget: 1, slots: 1, devices: ['cuda:0'], build: 'b', labels: {} });

describe('the metrics of docs/metrics.md', () => {
  it('are those of a worker: names, types and labels', async () => {
    const [table] = tablesBelow(text, 'Of sae-match');
    const documented = table!.slice(1).map(([name, type, labels]): DocumentedMetric => {
      const names = labels!.split(',').map((label) => label.trim());
      return { name: name!, type: type!, labels: names.filter((label) => label !== '') };
    });
    const registered = (await registry.getMetricsAsJSON())
      .filter(({ name }) => name.startsWith('sae_match_'))
      .map(({ name, type }): DocumentedMetric => ({ name, type: String(type), labels: labelNames(name) }));
    const byName = (a: DocumentedMetric, b: DocumentedMetric): number => (a.name < b.name ? -1 : 1);
    expect(documented.sort(byName)).toEqual(registered.sort(byName));
  });

  it('leave out nothing but what begins with the prefixes that the page names', async () => {
    const prefixes = ['sae_match_', 'process_', 'nodejs_'];
    for (const prefix of prefixes.slice(1)) expect(text).toContain(`\`${prefix}\``);
    const others = (await registry.getMetricsAsJSON())
      .map(({ name }) => name)
      .filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
    expect(others).toEqual([]);
  });

  it('have the error classes as values of `type`', () => {
    const [table] = tablesBelow(text, 'Of sae-match');
    const meaning = table!.find(([name]) => name === 'sae_match_activity_failures_total')![3]!;
    for (const { name } of ERROR_CLASSES) expect(meaning).toContain(name);
  });

  it('name only those of the process that it has', async () => {
    const [table] = tablesBelow(text, 'Of the process');
    const collected = (await registry.getMetricsAsJSON()).map(({ name }) => name);
    expect(collected).toEqual(expect.arrayContaining(table!.slice(1).map(([name]) => name)));
  });
});

/** prom-client keeps the label names of a metric to itself. */
function labelNames(name: string): readonly string[] {
  return (registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] }).labelNames;
}
