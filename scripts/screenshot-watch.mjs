import { checkNode } from './lib/check-node.mjs';

checkNode();
import('./lib/screenshot-watch.mjs').then((script) => script.main());
