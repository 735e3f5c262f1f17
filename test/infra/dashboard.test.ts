import { readText } from '../docs/markdown';
import { readDashboard } from '../support/dashboard';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: object;
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly datasource: object }[];
}

const text = readText('infra/grafana/sae-match.json');
const dashboard = JSON.parse(text) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
};
const graphs = dashboard.panels.filter(({ type }) => type !== 'row');

/** Those of Grafana's units that the dashboard uses; Grafana shows any other as a word behind the number. */
const UNITS = ['short', 'percentunit', 's', 'cps', 'sci', 'Bps', 'ops', 'bytes', 'reqps'];

it('the dashboard is what its source makes: node infra/grafana/dashboard.mjs', async () => {
  expect(text).toBe((await readDashboard()).text);
});

it('every panel has an id of its own, a title, a description and a unit', () => {
  expect(graphs.length).toBeGreaterThan(20);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  expect(new Set(graphs.map(({ title }) => title)).size).toBe(graphs.length);
  for (const { title, description, fieldConfig, targets } of graphs) {
    expect(title).not.toBe('');
    expect(description).toMatch(/\w.*\.$/);
    expect(UNITS).toContain(fieldConfig!.defaults.unit);
    expect(new Set(targets!.map(({ refId }) => refId)).size).toBe(targets!.length);
  }
});

it('no panel lies on another or beyond the 24 columns', () => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

it('whoever imports it chooses the data source', () => {
  expect(dashboard.templating.list).toContainEqual(
    expect.objectContaining({ name: 'datasource', type: 'datasource', query: 'prometheus' })
  );
  const used = graphs.flatMap(({ datasource, targets }) => [datasource, ...targets!.map((one) => one.datasource)]);
  for (const datasource of used) expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
});

it('shows every metric of sae-match', () => {
  const documented = readText('docs/metrics.md').matchAll(/^\| `(sae_match_\w+)`/gm);
  const shown = graphs.flatMap(({ targets }) => targets!.map(({ expr }) => expr)).join('\n');
  for (const [, name] of documented) expect(shown).toContain(name);
});
