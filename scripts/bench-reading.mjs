import { checkNode } from './lib/check-node.mjs';

checkNode();
import('../bench/reading/main.mjs').then((script) => script.main(process.argv.slice(2)));
