import { compile } from './compile.mjs';
import { orFail } from './failure.mjs';
import { installPackages } from './install.mjs';

/** `npm run build`: installs what is missing and brings dist/ up to date. */
export function main() {
  return orFail(async () => {
    await installPackages();
    await compile();
  });
}
