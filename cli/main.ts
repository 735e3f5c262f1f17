#!/usr/bin/env node
import { runCommand } from './run-command';

void runCommand(process.argv.slice(2)).then((code) => {
  // Open sockets of the Temporal client must not keep a finished command alive.
  process.exit(code);
});
