import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port';

/** A running emulator of Google Cloud Storage, empty at first. */
export interface GcsEmulator {
  /** For `STORAGE_EMULATOR_HOST`. */
  readonly url: string;
  /** Creates a bucket, or replaces objects in it. */
  upload(bucket: string, objects: ReadonlyMap<string, Buffer>): Promise<void>;
  close(): Promise<void>;
}

/** @throws Error when `SAE_MATCH_GCS_EMULATOR` does not name the program */
export async function startGcsEmulator(): Promise<GcsEmulator> {
  const program = process.env.SAE_MATCH_GCS_EMULATOR;
  if (program === undefined) {
    throw new Error(
      'SAE_MATCH_GCS_EMULATOR is not set: it must name fake-gcs-server. `npm test` builds it and sets it.'
    );
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = ['-backend', 'memory', '-scheme', 'http', '-host', '127.0.0.1', '-port', String(port)];
  const child = spawn(program, [...flags, '-public-host', `127.0.0.1:${port}`, '-log-level', 'error'], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((done) =>
    child.once('close', () => {
      done();
    })
  );
  for (let attempt = 0; ; attempt++) {
    const answers = await fetch(`${url}/storage/v1/b?project=x`).catch(() => null);
    if (answers?.ok === true) break;
    if (attempt === 200) throw new Error('the emulator of buckets does not start');
    await sleep(50);
  }
  return {
    url,
    upload: async (bucket, objects) => {
      const json = { 'content-type': 'application/json' };
      // The bucket may be there already.
      await fetch(`${url}/storage/v1/b?project=x`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ name: bucket }),
      });
      for (const [name, body] of objects) {
        const query = `uploadType=media&name=${encodeURIComponent(name)}`;
        const response = await fetch(`${url}/upload/storage/v1/b/${bucket}/o?${query}`, {
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: new Uint8Array(body),
        });
        if (!response.ok) throw new Error(`upload of ${name}: ${response.status}`);
      }
    },
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
