// A process that wants files from a cache, for tests that run several at a time.
//   node cache-process.cjs <cache folder> <file> <count>
// wants the file under <count> names, and prints the names under which it fetched it.
const { createReadStream, statSync } = require('node:fs');
const { MachineCache } = require('../../../dist/transport/cache/machine-cache.js');

const [folder, file, count] = process.argv.slice(2);

async function main() {
  const cache = new MachineCache(folder, 1e9);
  const { size: bytes } = statSync(file);
  const fetched = [];
  for (let index = 0; index < Number(count); index++) {
    const fetch = ({ start, end }) => {
      fetched.push(index);
      return createReadStream(file, { start, end: end - 1 });
    };
    await cache.obtain({ name: `file ${index}`, version: '1', bytes }, fetch);
  }
  process.stdout.write(JSON.stringify(fetched));
}

void main();
