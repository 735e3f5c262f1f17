import { writeFileSync } from 'node:fs';

import { decoderSide, readRows } from './raw-rows.mjs';
import { proved, timedMatch } from './timed-match.mjs';

/*
 * node bench/ours.mjs REQUEST
 *
 * Matches one pair of layers in a process of its own. Writes the matching as int32 for the peers to compare with;
 * prints one line of JSON.
 */
const { source, target, sources, targets, width, matching: out, budget, threads } = JSON.parse(process.argv[2]);
const a = decoderSide(readRows(source, sources, width));
const b = decoderSide(readRows(target, targets, width));
/** Start of the process and reading. */
const loading = performance.now() / 1000;
const { matching, figures } = await timedMatch(a, b, { budget, threads });
writeFileSync(out, new Uint8Array(matching.targetFeature.buffer));
console.log(JSON.stringify({ ...figures, loading, proved: await proved(a, b, matching) }));
