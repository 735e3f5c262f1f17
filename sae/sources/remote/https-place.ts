import { InputError } from '../../../matching/errors';
import { request, requestRange } from '../../../transport/http';
import { PATIENCE, patiently } from '../../../transport/patience';
import type { Patience } from '../../../transport/patience';
import type { ByteRange } from '../../../transport/resumed';
import type { RemoteFile, RemotePlace } from './place';

/** Configurations that formats keep beside their weights. */
const COMPANIONS = ['cfg.json', 'config.json', 'config.yaml', 'hyperparams.json', 'lm_config.json'];

/**
 * One file on a web server, and the configurations beside it that formats keep.
 *
 * @throws InputError when the address has a password or a query in it, or there is no such file
 * @throws UnavailableError when the server does not answer
 */
export async function openHttps(location: string, patience: Patience = PATIENCE): Promise<RemotePlace> {
  const url = parse(location);
  const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
  const folder = new URL('.', url).href;
  const file = await lookAt(folder, name, patience);
  const beside = COMPANIONS.filter((companion) => companion !== name);
  const companions = await Promise.all(
    beside.map((companion) =>
      lookAt(folder, companion, patience).catch((error: unknown) => {
        if (error instanceof InputError) return null;
        throw error;
      })
    )
  );
  return new HttpsPlace(location, folder, name, [file, ...companions.filter((found) => found !== null)]);
}

class HttpsPlace implements RemotePlace {
  readonly pinned: string;
  readonly fullRoot: string;

  constructor(
    readonly root: string,
    private readonly folder: string,
    readonly namedFile: string,
    private readonly files: readonly RemoteFile[]
  ) {
    this.pinned = root;
    this.fullRoot = root;
  }

  list(): Promise<readonly RemoteFile[]> {
    return Promise.resolve(this.files);
  }

  fetch({ path, version }: RemoteFile, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const url = this.locate(path);
    return requestRange({ url, name: url, signal }, range, etagOf(version));
  }

  locate(path: string): string {
    return path === '.' ? this.folder : `${this.folder}${encodeURIComponent(path)}`;
  }
}

async function lookAt(folder: string, path: string, patience: Patience): Promise<RemoteFile> {
  const url = `${folder}${encodeURIComponent(path)}`;
  const { headers } = await patiently(patience, () => request({ url, name: url, method: 'HEAD' }));
  const length = headers.get('content-length');
  if (length === null || !/^\d+$/.test(length)) {
    throw new InputError('the server does not say how long the file is', {
      ...{ file: url, found: 'no Content-Length' },
      remedy: 'Download the file to a folder first.',
    });
  }
  const etag = headers.get('etag');
  return {
    path,
    bytes: Number(length),
    version: etag === null ? `of ${headers.get('last-modified') ?? 'unknown date'}, ${length} bytes` : `etag ${etag}`,
    ranges: headers.get('accept-ranges') === 'bytes',
  };
}

function etagOf(version: string): string | null {
  return version.startsWith('etag ') ? version.slice('etag '.length) : null;
}

function parse(location: string): URL {
  const url = URL.canParse(location) ? new URL(location) : null;
  const isSecret = url !== null && (url.username !== '' || url.password !== '' || url.search !== '');
  if (url !== null && !isSecret && !url.pathname.endsWith('/')) return url;
  const file = url === null ? location : `${url.origin}${url.pathname}`;
  throw new InputError(
    isSecret ? 'an address with a password or a query would be kept in manifests' : 'this is no address of a file',
    {
      ...{ file, expected: 'https://<server>/<path of a file>' },
      remedy: 'Download the files to a folder first, and point at that.',
    }
  );
}
