// A process that reads one folded layer of a store as if that were remote, several times, and prints the bytes that it fetched.
//   node folded-process.cjs <store> <key> <times>
const { FileStore } = require('../../../dist/artifacts/store/file-store.js');
const { readFolded } = require('../../../dist/activities/steps/folded-artifact.js');
const { silentContext } = require('../../../dist/activities/task-context.js');

const [folder, key, times] = process.argv.slice(2);

async function main() {
  const store = new Proxy(new FileStore(folder), {
    get: (target, name) => (name === 'isRemote' ? true : Reflect.get(target, name)),
  });
  let fetched = 0;
  const onFoldedRead = ({ fetchedBytes }) => {
    fetched += fetchedBytes;
  };
  for (let n = 0; n < Number(times); n++) await readFolded(store, key, { ...silentContext, onFoldedRead });
  process.stdout.write(String(fetched));
}

void main();
