import { createRequire } from 'node:module';

import { table } from '../markdown.mjs';

const require = createRequire(import.meta.url);
const { temporal } = require('@temporalio/proto');

/**
 * What Temporal keeps of a run and of the workflows that belong to it, the run first: number of events, bytes of the
 * history, bytes of the largest event, which bounds those of its payload.
 */
export async function workflowsOf(client, id) {
  const found = [];
  for (const workflowId of await idsBelow(client, id)) {
    const handle = client.workflow.getHandle(workflowId);
    const { historyLength, historySize, startTime, closeTime, status } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const payload = events.reduce((most, event) => Math.max(most, sizeOf(event)), 0);
    const seconds = ((closeTime ?? new Date()).getTime() - startTime.getTime()) / 1000;
    found.push({ id: workflowId, status: status.name, seconds, events: historyLength, bytes: historySize, payload });
  }
  return found;
}

const sizeOf = (event) => temporal.api.history.v1.HistoryEvent.encode(event).finish().length;

async function idsBelow(client, id) {
  const ids = [];
  for await (const { workflowId } of client.workflow.list()) {
    if (workflowId.startsWith(`${id}/`)) ids.push(workflowId);
  }
  return [id, ...[...new Set(ids)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))];
}

/** Prints what {@link manyPairs} found. */
export function printHistories({
  pairs,
  seconds,
  matching,
  msPerPair,
  overheadMsPerPair,
  memory,
  processor,
  workflows,
}) {
  console.log(table(runColumns, [{ pairs, seconds, matching, msPerPair, overheadMsPerPair, memory, processor }]));
  console.log(`\n${table(workflowColumns, workflows)}`);
}

const mb = (bytes) => (bytes === null ? '—' : (bytes / 1e6).toFixed(0));
const runColumns = {
  pairs: ({ pairs }) => pairs,
  s: ({ seconds }) => seconds.toFixed(1),
  'matching, s': ({ matching }) => matching.toFixed(1),
  'ms a pair': ({ msPerPair }) => msPerPair.toFixed(1),
  'ms a pair of orchestration': ({ overheadMsPerPair }) => overheadMsPerPair.toFixed(1),
  'worker, CPU ms a pair': ({ processor, pairs }) => ((1000 * processor.worker) / pairs).toFixed(1),
  'server, CPU ms a pair': ({ processor, pairs }) => ((1000 * processor.server) / pairs).toFixed(1),
  'worker, peak MB': ({ memory }) => mb(memory.worker),
  'server, peak MB': ({ memory }) => mb(memory.server),
};
const workflowColumns = {
  workflow: ({ id }) => id,
  s: ({ seconds }) => seconds.toFixed(1),
  events: ({ events }) => events,
  'history, kB': ({ bytes }) => (bytes / 1e3).toFixed(0),
  'largest event, kB': ({ payload }) => (payload / 1e3).toFixed(1),
};
