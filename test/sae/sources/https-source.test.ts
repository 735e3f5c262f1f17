import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../../matching/errors';
import { listSaes } from '../../../sae/catalogue';
import { loadSae } from '../../../sae/load-sae';
import { MachineCache } from '../../../transport/cache/machine-cache';
import { openLocalSource } from '../../../sae/sources/local-source';
import { openHttps } from '../../../sae/sources/remote/https-place';
import { isHubPage, parseHubLocation } from '../../../sae/sources/remote/hub-location';
import { RemoteSource } from '../../../sae/sources/remote/remote-source';
import { filesBelow, sha256 } from '../../support/hub-server';
import { sendBody, startWebServer } from '../../support/web-server';
import type { WebServer } from '../../support/web-server';

const FOLDER = join(__dirname, '../../fixtures/formats/saelens');
const PATIENCE = { attempts: 3, firstDelayMs: 5, stallMs: 1500 };

let scratch: string;
let server: WebServer;
let files: Map<string, Buffer>;
let headers: Record<string, string>;
let weights: string;
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'sae-match-https-'));
  files = new Map(filesBelow(FOLDER));
  weights = [...files.keys()].find((path) => path.endsWith('sae_weights.safetensors'))!;
  headers = { 'accept-ranges': 'bytes' };
  server = await startWebServer((self) => (request, response) => {
    const body = files.get(decodeURIComponent(request.url!.slice(1)));
    if (body === undefined) return void response.writeHead(404).end();
    const etag = `"${sha256(body).slice(0, 8)}"`;
    if ((request.headers['if-match'] ?? etag) !== etag) return void response.writeHead(412).end();
    sendBody(self, request, response, body, { ...headers, etag });
  });
});
afterEach(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

async function open(path: string): Promise<RemoteSource> {
  const place = await openHttps(`${server.url}/${path}`, PATIENCE);
  return new RemoteSource(place, new MachineCache(join(scratch, 'cache'), 1e9), PATIENCE);
}

it.each(['with ranges', 'with whole files only'])(
  'a file on a web server %s is the same as a local one',
  async (how) => {
    if (how !== 'with ranges') headers = {};
    const local = await openLocalSource(join(FOLDER, weights));
    const remote = await open(weights);
    const [[here], [there]] = [await listSaes(local), await listSaes(remote)];
    expect(there!.header).toEqual({ ...here!.header });
    expect(await loadSae(remote, there!)).toEqual(await loadSae(local, here!));
  }
);

it('a file that is replaced after it was listed is refused, and both versions are named', async () => {
  const remote = await open(weights);
  const [entry] = await listSaes(remote);
  files.set(weights, Buffer.concat([files.get(weights)!, Buffer.from('x')]));
  await expect(loadSae(remote, entry!)).rejects.toThrow(InputError);
  await expect(loadSae(remote, entry!)).rejects.toThrow(/changed since it was listed/);
  const kept = readdirSync(join(scratch, 'cache')).map((name) => statSync(join(scratch, 'cache', name)).size);
  expect(Math.max(...kept)).toBeLessThan(1000);
});

it('an address with a password or a query is refused without repeating them', async () => {
  for (const location of ['https://user:planted@host/ae.pt', 'https://host/ae.pt?token=planted']) {
    const error = await openHttps(location).catch((reason: unknown) => reason as Error);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain('https://host/ae.pt');
    expect((error as Error).message).not.toContain('planted');
  }
});

it('a server that does not answer, or has no such file, is said by its address', async () => {
  await expect(open('none/ae.pt')).rejects.toThrow(
    `${server.url}/none/ae.pt: there is no such file (found HTTP status 404`
  );
  const { url } = server;
  await server.close();
  await expect(openHttps(`${url}/ae.pt`, PATIENCE)).rejects.toThrow(
    /the server does not answer \(found .*ECONNREFUSED/
  );
});

it('pages and files of the Hub’s own site are places of the Hub', () => {
  expect(isHubPage('https://huggingface.co/google/gemma-scope-2b-pt-res/tree/main/layer_3')).toBe(true);
  expect(parseHubLocation('https://huggingface.co/a/b/resolve/v1/x/ae.pt?download=true')).toEqual({
    repository: 'a/b',
    revision: 'v1',
    path: 'x/ae.pt',
  });
  expect(parseHubLocation('hf://a/b@refs')).toEqual({ repository: 'a/b', revision: 'refs', path: '' });
  expect(parseHubLocation('hf://a/b/c/d/')).toEqual({ repository: 'a/b', revision: null, path: 'c/d' });
  expect(isHubPage('https://example.org/a/b')).toBe(false);
});
