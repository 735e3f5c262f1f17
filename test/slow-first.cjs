const Sequencer = require('@jest/test-sequencer').default;

/** Files that take long though they are short: jest would begin with the longest files and leave these to the end. */
const SLOW = ['test/matching/engine/engine-oracle', 'test/references/', 'test/examples/'];

/** Begins with the slow files also where no earlier run tells how long each takes, so that no core waits for the last. */
module.exports = class SlowFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isSlow = ({ path }) => SLOW.some((part) => path.includes(part));
    if (sorted.some(({ duration }) => duration != null)) return sorted;
    return [...sorted.filter(isSlow), ...sorted.filter((test) => !isSlow(test))];
  }
};
