import { checkNode } from './lib/check-node.mjs';

checkNode();
import('./lib/api.mjs').then((script) => script.main(process.argv.slice(2)));
