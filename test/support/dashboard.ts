import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { runNode } from './run-node';

/** A panel of infra/grafana/panels.mjs. */
export interface DashboardPanel {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** `data`: whether the runs of test/integration/prometheus.test.ts have data for the query */
  readonly targets: readonly { readonly legend: string; readonly expr: string; readonly data: boolean }[];
}

/** The source of the dashboard, and the file that it makes; ES modules, which jest does not load. */
export async function readDashboard(): Promise<{ readonly panels: DashboardPanel[]; readonly text: string }> {
  const url = (file: string): string => pathToFileURL(join(__dirname, '../../infra/grafana', file)).href;
  const { stdout, stderr } = await runNode(`
    import { rows } from '${url('panels.mjs')}';
    import { dashboardText } from '${url('dashboard.mjs')}';
    console.log(JSON.stringify({ panels: rows.flatMap(({ panels }) => panels), text: await dashboardText() }));
  `);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { panels: DashboardPanel[]; text: string };
}
