import { createMetrics } from '../../workers/metrics';
import { readText, tablesBelow } from './markdown';

interface DocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

const text = readText('docs/operating.md');
const { registry } = createMetrics();

describe('the metrics of docs/operating.md', () => {
  it('are those of a worker: names, types and labels', async () => {
    const [table] = tablesBelow(text, 'Metrics');
    const documented = table!.slice(1).map(([name, type, labels]): DocumentedMetric => {
      const names = labels!.split(',').map((label) => label.trim());
      return { name: name!, type: type!, labels: names.filter((label) => label !== '') };
    });
    const registered = (await registry.getMetricsAsJSON())
      .filter(({ name }) => name.startsWith('sae_match_'))
      .map(({ name, type }): DocumentedMetric => ({ name, type: String(type), labels: labelNames(name) }));
    expect(documented).toEqual(registered);
  });

  it('leave out nothing but what begins with the prefixes that the page names', async () => {
    const prefixes = ['sae_match_', 'process_', 'nodejs_'];
    for (const prefix of prefixes.slice(1)) expect(text).toContain(`\`${prefix}\``);
    const others = (await registry.getMetricsAsJSON())
      .map(({ name }) => name)
      .filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
    expect(others).toEqual([]);
  });
});

/** prom-client keeps the label names of a metric to itself. */
function labelNames(name: string): readonly string[] {
  return (registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] }).labelNames;
}
