// A training that saves checkpoints: `node training.cjs <prepared> <place> <pause in ms> <name …>` writes the files below
// <prepared>/<name> to the same paths below <place>, one after the other and each in pieces, and says when all of one are there.
const { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');

const PIECES = 3;
const [prepared, place, pause, ...names] = process.argv.slice(2);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function main() {
  for (const name of names) {
    const files = readdirSync(join(prepared, name), { recursive: true }).sort();
    for (const file of files.filter((one) => statSync(join(prepared, name, one)).isFile())) {
      const content = readFileSync(join(prepared, name, file));
      const path = join(place, file);
      mkdirSync(dirname(path), { recursive: true });
      const length = Math.ceil(content.length / PIECES);
      for (let start = 0; start < content.length; start += length) {
        appendFileSync(path, content.subarray(start, start + length));
        await sleep(Number(pause));
      }
    }
    process.stdout.write(`${name} ${new Date().toISOString()}\n`);
  }
}

void main();
