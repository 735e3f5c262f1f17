import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';

const HISTORIES = join(__dirname, '../histories');
const codePath = join(__dirname, '../../dist/workflow-bundle.js');

describe('the workflow code', () => {
  it.each(readdirSync(HISTORIES).filter((name) => name.endsWith('.json')))(
    'replays the recorded history %s without a difference',
    async (name) => {
      const history = historyFromJSON(JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')));
      const workflowId = `sae-match/${name.replace('.json', '')}`;
      await Worker.runReplayHistory({ workflowBundle: { codePath } }, history, workflowId);
    }
  );
});
