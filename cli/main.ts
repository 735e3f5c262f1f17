#!/usr/bin/env node
import { runCommand } from './run-command';

// Whoever reads what is printed may end first, as `head` does: what waits is told, what is short comes to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.emit('SIGPIPE');
  });
}

void runCommand(process.argv.slice(2)).then((code) => {
  // Open sockets of the Temporal client must not keep a finished command alive.
  process.exit(code);
});
