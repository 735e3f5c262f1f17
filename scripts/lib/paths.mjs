import { fileURLToPath } from 'node:url';

/** Root folder of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Path of a file given relative to the root folder. */
export function at(relative) {
  return fileURLToPath(new URL(`../../${relative}`, import.meta.url));
}
