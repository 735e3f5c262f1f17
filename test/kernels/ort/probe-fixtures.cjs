// Stands in for the program that probes a device; the name of the device says how it ends.
const { writeFileSync } = require('node:fs');

const [behaviour, file] = process.argv[2].split(':');
const say = (verdict) => process.send(verdict);
const behaviours = {
  works: () => say({ works: true, detail: 'onnxruntime 9.9.9' }),
  refuses: () =>
    say({
      works: false,
      detail:
        '/src/webgpu_context.cc:136 void f(const int&) adapter.status == 1 was false. Failed to get an adapter\nmore',
    }),
  talks: () => say({ works: false, detail: 'x'.repeat(5000) }),
  crashes: () => process.kill(process.pid, 'SIGSEGV'),
  ends: () => process.exit(7),
  hangs: () => {
    process.on('SIGTERM', () => {});
    writeFileSync(file, String(process.pid));
    for (;;);
  },
};
behaviours[behaviour]();
