import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { at } from './paths.mjs';

/** Whether `product` exists and is at least as new as every one of the files and folders (and all that is in them). */
export function isFresh(product, sources) {
  const made = modified(at(product));
  return made > 0 && sources.every((source) => newest(at(source)) <= made);
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const own = statSync(path);
  // A folder's own time tells when something in it was removed or renamed.
  if (!own.isDirectory()) return own.mtimeMs;
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}
