import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import type { TraceSinks } from '../../workflows/trace-sinks';

const HISTORIES = join(__dirname, '../histories');
const codePath = join(__dirname, '../../dist/workflow-bundle.js');

/** Workflows tell of their ends, which are none while they are replayed. */
const noTraces: InjectedSinks<TraceSinks> = { traces: { workflowEnded: { fn: () => undefined } } };

describe('the workflow code', () => {
  it.each(readdirSync(HISTORIES).filter((name) => name.endsWith('.json')))(
    'replays the recorded history %s without a difference',
    async (name) => {
      const history = historyFromJSON(JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')));
      const workflowId = `sae-match/${name.replace('.json', '')}`;
      await Worker.runReplayHistory({ workflowBundle: { codePath }, sinks: noTraces }, history, workflowId);
    }
  );
});
