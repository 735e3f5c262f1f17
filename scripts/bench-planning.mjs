import { checkNode } from './lib/check-node.mjs';

checkNode();
import('../bench/planning/main.mjs').then((script) => script.main(process.argv.slice(2)));
