import { join } from 'node:path';

import { z } from 'zod';

import type { Home } from '../home';
import { isAlive, processIdentitySchema } from '../process-identity';
import { findBackground } from '../processes';
import { readState, removeState, writeState } from '../state-file';

const serverRecordSchema = processIdentitySchema.extend({
  /** Where clients connect, `host:port`. */
  address: z.string(),
  /** URL of Temporal's web page, null when it is not served. */
  uiAddress: z.string().nullable(),
  /** Path and version of the program. */
  binary: z.string(),
  version: z.string(),
  logFile: z.string(),
});

/** What is known of an embedded server that was started. */
export type ServerRecord = Readonly<z.infer<typeof serverRecordSchema>>;

/** Name that the server of this home bears among the processes of the machine. */
export function serverName(home: Home): string {
  return `sae-match-temporal@${home.dir}`;
}

/**
 * The live server of this home: the recorded one, else one whose starter was killed before it could write the record,
 * which is written now.
 */
export function findServer(home: Home): ServerRecord | undefined {
  const recorded = readState(recordFile(home), serverRecordSchema);
  if (recorded !== undefined && isAlive(recorded)) return recorded;
  const [orphan] = findBackground(serverName(home));
  if (orphan === undefined) return undefined;
  const option = (name: string): string | undefined => orphan.args[orphan.args.indexOf(name, 1) + 1];
  const uiPort = orphan.args.includes('--ui-port') ? option('--ui-port') : undefined;
  const record: ServerRecord = {
    ...orphan.identity,
    address: `127.0.0.1:${option('--port') ?? '0'}`,
    uiAddress: uiPort === undefined ? null : `http://127.0.0.1:${uiPort}`,
    binary: 'unknown',
    version: 'unknown',
    logFile: join(home.logs, 'temporal-server.log'),
  };
  recordServer(home, record);
  return record;
}

/** Writes down a server that was just started. */
export function recordServer(home: Home, record: ServerRecord): void {
  writeState(recordFile(home), record);
}

/** Forgets the server, once it has ended. */
export function clearServer(home: Home): void {
  removeState(recordFile(home));
}

/** Port of the server that ran last and was not stopped in an orderly way; undefined when unknown. */
export function lastPort(home: Home): number | undefined {
  const record = readState(recordFile(home), serverRecordSchema);
  return record === undefined ? undefined : Number(record.address.split(':')[1]);
}

function recordFile(home: Home): string {
  return join(home.dir, 'server.json');
}
