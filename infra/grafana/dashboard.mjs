import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { format, resolveConfig } from 'prettier';

import { rows } from './panels.mjs';

/** The dashboard as Grafana imports it: `node infra/grafana/dashboard.mjs` writes it anew from panels.mjs. */
const FILE = join(dirname(fileURLToPath(import.meta.url)), 'sae-match.json');
const COLUMNS = 24;
const PANELS_A_LINE = 3;
const HEIGHT = 8;
const WIDTH = COLUMNS / PANELS_A_LINE;
/** Whoever imports the dashboard chooses it. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The content that the file has to have. */
export async function dashboardText() {
  return format(JSON.stringify(dashboard()), { ...(await resolveConfig(FILE)), parser: 'json' });
}

function dashboard() {
  return {
    uid: 'sae-match',
    title: 'sae-match',
    description:
      'Runs of sae-match: progress, durations, data, faults, workers. See docs/metrics.md and docs/runbook.md.',
    tags: ['sae-match'],
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    schemaVersion: 39,
    version: 1,
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    templating: { list: variables() },
    panels: layOut(),
  };
}

function variables() {
  const labelValues = (name, label, query) => ({
    ...{ name, label, type: 'query', datasource: DATASOURCE, query: { query, refId: name }, definition: query },
    ...{
      refresh: 2,
      sort: 1,
      multi: true,
      includeAll: true,
      allValue: '.*',
      current: { text: 'All', value: '$__all' },
    },
  });
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
    labelValues('job', 'Job', 'label_values(sae_match_build_info, job)'),
    labelValues('instance', 'Worker', 'label_values(sae_match_build_info{job=~"$job"}, instance)'),
  ];
}

/** The panels of all rows with their places, three a line. */
function layOut() {
  let id = 0;
  let y = 0;
  return rows.flatMap(({ title, panels }) => {
    const row = { id: ++id, type: 'row', title, collapsed: false, panels: [], gridPos: { x: 0, y, w: COLUMNS, h: 1 } };
    const top = y + 1;
    y = top + Math.ceil(panels.length / PANELS_A_LINE) * HEIGHT;
    const place = (index) => ({
      x: (index % PANELS_A_LINE) * WIDTH,
      y: top + Math.floor(index / PANELS_A_LINE) * HEIGHT,
      w: WIDTH,
      h: HEIGHT,
    });
    return [row, ...panels.map((panel, index) => timeSeries(++id, panel, place(index)))];
  });
}

function timeSeries(id, { title, description, unit, targets }, gridPos) {
  return {
    ...{ id, type: 'timeseries', title, description, datasource: DATASOURCE, gridPos },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'auto' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: targets.map(({ legend, expr }, index) => ({
      ...{ refId: String.fromCharCode(65 + index), datasource: DATASOURCE, expr, legendFormat: legend },
      ...{ range: true, editorMode: 'code' },
    })),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(FILE, await dashboardText());
