import { checkNode } from './lib/check-node.mjs';

checkNode();
import('./lib/check-formats.mjs').then((script) => script.main());
