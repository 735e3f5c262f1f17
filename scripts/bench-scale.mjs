import { checkNode } from './lib/check-node.mjs';

checkNode();
import('../bench/scale/main.mjs').then((script) => script.main(process.argv.slice(2)));
