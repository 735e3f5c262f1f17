import { createRequire } from 'node:module';

import { Failure } from './failure.mjs';
import { at } from './paths.mjs';
import { progress } from './run.mjs';

/** Path of a Temporal program for the tests, obtained now if need be, so that no test has to wait for it. */
export async function prepareTemporal() {
  const require = createRequire(import.meta.url);
  const { findTemporal } = require(at('dist/infra/temporal/find-binary.js'));
  const { cacheFolder } = require(at('dist/transport/cache-folder.js'));
  try {
    const { path } = await findTemporal({ cache: cacheFolder() }, { onProgress: progress });
    return path;
  } catch (error) {
    throw new Failure(`sae-match: ${error.message}`);
  }
}
