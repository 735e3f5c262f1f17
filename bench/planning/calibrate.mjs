import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { calibrateTask } = require('../../dist/activities/planning/calibration/calibrate.js');
const { silentContext } = require('../../dist/activities/task-context.js');

/*
 * node bench/planning/calibrate.mjs FOLDER
 *
 * Measures this machine as `plan --calibrate` does, in a process of its own. Prints one line of JSON.
 */
const { rates } = await calibrateTask({ device: 'cpu', folder: process.argv[2] }, silentContext);
console.log(JSON.stringify(rates));
process.exit();
