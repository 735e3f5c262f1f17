'use strict';

const { writeFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

/** `node --require` this: when the process ends it writes its peak resident memory, in bytes, to $BENCH_PEAK_MEMORY. */
if (isMainThread) {
  process.on('exit', () => {
    writeFileSync(process.env.BENCH_PEAK_MEMORY, String(process.resourceUsage().maxRSS * 1024));
  });
}
