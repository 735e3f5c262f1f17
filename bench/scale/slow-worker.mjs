import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const { NativeConnection, Runtime, DefaultLogger, Worker } = require('@temporalio/worker');
const { createMatchActivities } = require('../../dist/activities/match-activities.js');
const { runTask } = require('../../dist/activities/thread/run-task.js');
const { openStore } = require('../../dist/artifacts/store/open-store.js');
const { createMetrics } = require('../../dist/workers/metrics.js');

/**
 * A worker with one match at a time whose matches take a fixed time: `slow-worker.mjs <address> <task queue> <ms>`. It waits,
 * as for a device, and then does what any worker does. Prints a line once it polls.
 */
const [address, taskQueue, waits] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: ['SIGTERM'] });
const pool = { memoryBudget: 2 ** 30, slots: 1, devices: ['cpu'], checkpointSeconds: 600 };
const ports = { openStore, runTask, now: () => new Date(), observer: createMetrics(pool).observer };
const { matchLayers } = createMatchActivities(ports, pool);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: `${taskQueue}-match`,
  activities: {
    matchLayers: async (input) => {
      await sleep(Number(waits));
      return matchLayers(input);
    },
  },
  maxConcurrentActivityTaskExecutions: 1,
});
console.log('ready');
await worker.run();
process.exit(0);
