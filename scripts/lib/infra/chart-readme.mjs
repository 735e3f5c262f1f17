import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

import { at } from '../paths.mjs';

const README = 'infra/helm/sae-match/README.md';
const BEGIN = '<!-- values: made by npm run check:infra -- readme --write -->';
const END = '<!-- end of values -->';

/** Whether the chart's README lists its values as they are; with `write` it is renewed. Returns what is wrong. */
export function checkChartReadme({ write = false } = {}) {
  const text = readFileSync(at(README), 'utf8');
  const renewed = withValues(text);
  if (renewed === text) return [];
  if (!write) return [`${README} does not list the values as they are; run npm run check:infra -- readme --write`];
  writeFileSync(at(README), renewed);
  return [];
}

function withValues(text) {
  const schema = JSON.parse(readFileSync(at('infra/helm/sae-match/values.schema.json'), 'utf8'));
  const values = parse(readFileSync(at('infra/helm/sae-match/values.yaml'), 'utf8'));
  const rows = rowsOf(schema, values, '');
  const table = ['| value | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
  return `${text.slice(0, text.indexOf(BEGIN))}${BEGIN}\n${table}\n${text.slice(text.indexOf(END))}`;
}

function rowsOf({ properties }, values, prefix) {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = `${prefix}${key}`;
    const value = values?.[key];
    if (schema.properties !== undefined) return rowsOf(schema, value, `${path}.`);
    const own = `| \`${path}\` | ${shown(schema, value)} | ${schema.description} |`;
    return schema.items?.properties ? [own, ...rowsOf(schema.items, undefined, `${path}[].`)] : [own];
  });
}

function shown(schema, value) {
  if (value === undefined) return '';
  return schema.items?.properties ? 'see values.yaml' : `\`${JSON.stringify(value)}\``;
}
