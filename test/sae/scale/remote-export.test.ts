import { gzipSync } from 'node:zlib';
import { InputError } from '../../../matching/errors';
import { findExport, hashExport } from '../../../sae/scale/export-files';
import { readExport } from '../../../sae/scale/read-export';
import { exportRow } from '../../support/ungated-saes';
import { sendBody, startWebServer } from '../../support/web-server';
import type { WebServer } from '../../support/web-server';
import { put, scratchFolder } from '../support';

const scratch = scratchFolder();
const ROWS = [0, 1, 2].map((i) => exportRow(i, i + 0.5)).join('\n');
const BATCH = '/0-res-jb/features/batch-0.jsonl.gz';

let server: WebServer;
beforeAll(async () => {
  process.env.SAE_MATCH_CACHE = `${scratch}/cache`;
  server = await startWebServer((self) => (request, response) => {
    if (request.url !== BATCH) return void response.writeHead(404).end();
    sendBody(self, request, response, gzipSync(ROWS), { 'accept-ranges': 'bytes', etag: '"1"' });
  });
});
afterAll(async () => {
  delete process.env.SAE_MATCH_CACHE;
  await server.close();
});

describe('a features export on a web server', () => {
  it('is read and hashed as the same file of this machine is, and fetched once', async () => {
    const local = put(scratch, 'batch-0.jsonl.gz', gzipSync(ROWS));
    const there = await findExport(server.url + BATCH);
    const { scale, files } = await readExport(there, { features: 3, layer: 0 });
    expect([...scale]).toEqual([0.5, 1.5, 2.5]);
    const [here] = await hashExport(local);
    expect(files).toEqual([here]);
    expect((await hashExport(server.url + BATCH)).map(({ sha256 }) => sha256)).toEqual([here!.sha256]);
    expect(server.sent.get(BATCH)).toBe(gzipSync(ROWS).length);
  });

  it('that is not there is an error that names it', async () => {
    const missing = findExport(`${server.url}/1-res-jb/batch-0.jsonl.gz`);
    await expect(missing).rejects.toThrow(InputError);
    await expect(missing).rejects.toThrow(/1-res-jb.*--scale: the scale cannot be read \(found HTTP status 404/);
  });
});
