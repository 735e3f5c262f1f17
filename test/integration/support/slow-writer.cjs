// Writes the checkpoints of a training slowly: `node slow-writer.cjs <complete> <target> <pause in ms> <step …>` copies
// <complete>/<step> to <target>/<step> in pieces, one file after the other, the length of a file growing with each piece.
const { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');

const PIECES = 3;
const [complete, target, pause, ...steps] = process.argv.slice(2);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function main() {
  for (const step of steps) {
    const files = readdirSync(join(complete, step), { recursive: true }).sort();
    for (const file of files.filter((name) => statSync(join(complete, step, name)).isFile())) {
      const content = readFileSync(join(complete, step, file));
      const path = join(target, step, file);
      mkdirSync(dirname(path), { recursive: true });
      const length = Math.ceil(content.length / PIECES);
      for (let start = 0; start < content.length; start += length) {
        appendFileSync(path, content.subarray(start, start + length));
        await sleep(Number(pause));
      }
    }
    process.stdout.write(`${step} ${new Date().toISOString()}\n`);
  }
}

void main();
