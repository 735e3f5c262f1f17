import { checkNode } from './lib/check-node.mjs';

checkNode();
import('./lib/check-postgres.mjs').then((script) => script.main(process.argv.slice(2)));
