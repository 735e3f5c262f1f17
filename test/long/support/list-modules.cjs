const { writeFileSync } = require('node:fs');

// Loaded into a program: when it ends, writes which modules it has loaded. Its threads have caches of their own.
if (require('node:worker_threads').isMainThread) {
  process.on('exit', () => writeFileSync(process.env.LIST_MODULES, Object.keys(require.cache).join('\n')));
}
