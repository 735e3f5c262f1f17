import { createRequire } from 'node:module';
import { at } from '../paths.mjs';

const require = createRequire(import.meta.url);
const compiled = (path) => require(at(`dist/${path}.js`));

/** The program's own modules, as it runs them. */
export const readers = {
  ...compiled('matching/errors'),
  ...compiled('matching/folding'),
  ...compiled('sae/catalogue'),
  ...compiled('sae/load-sae'),
  ...compiled('sae/convert'),
  ...compiled('sae/containers/byte-reader'),
  ...compiled('sae/containers/open-tensor-file'),
  ...compiled('sae/containers/read-tensor'),
  ...compiled('sae/containers/tensor'),
};
