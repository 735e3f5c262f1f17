// A process that writes objects, for tests that kill it or run two at a time.
//   node put-process.cjs halfway <folder>          stops in the middle of a put and waits to be killed
//   node put-process.cjs forever <folder>          replaces one object again and again by 8 MiB of one byte or another
//   node put-process.cjs race <folder> <keys> <text>   waits for a line, then puts keys 0, 1, ... create-only
const { once } = require('node:events');
const { writeSync } = require('node:fs');
const { FileStore } = require('../../../dist/artifacts/store/file-store.js');

const [action, folder, count, text] = process.argv.slice(2);
const store = new FileStore(folder);

async function halfway() {
  const chunks = function* () {
    yield Buffer.alloc(1 << 20, 'a');
    writeSync(1, 'halfway\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    yield Buffer.alloc(1 << 20, 'b');
  };
  await store.put('folder/object', { [Symbol.iterator]: chunks });
}

async function forever() {
  writeSync(1, 'started\n');
  for (let round = 0; ; round++) {
    await store.put('folder/object', Buffer.alloc(8 << 20, round % 2 === 0 ? 'a' : 'b'));
  }
}

async function race() {
  writeSync(1, 'ready\n');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  const outcomes = [];
  for (let key = 0; key < Number(count); key++) {
    const put = store.put(`race/${key}`, Buffer.from(text), { ifAbsent: true });
    outcomes.push(
      await put.then(
        () => 'stored',
        (error) => error.name
      )
    );
  }
  writeSync(1, JSON.stringify(outcomes));
}

({ halfway, forever, race })[action]();
