import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

import { findInstalledTemporal, findTemporal } from '../../../infra/temporal/find-binary';
import { cachedTemporal, temporalRelease } from '../../../infra/temporal/release';
import { EnvironmentError } from '../../../matching/errors';
import { type CompiledInfra, compileInfra } from '../support/child';
import { removeTemporaryFolders, temporaryFolder, temporaryHome } from '../support/temporary-home';

let compiled: CompiledInfra;
beforeAll(() => {
  compiled = compileInfra();
});
afterAll(() => {
  compiled.remove();
  removeTemporaryFolders();
});

/** A shell script that answers `--version` as Temporal does. */
function script(version: string): string {
  return `#!/bin/sh\necho "temporal version ${version} (Server 1, UI 1)"\n`;
}

function writeProgram(file: string, content: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

/** A PATH with the ordinary tools and `folder` before them, but without Go and Temporal. */
function pathWith(folder?: string): string {
  const tools = temporaryFolder();
  for (const tool of ['sh', 'cat', 'tar', 'gzip', 'sleep', 'chmod']) {
    const real = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
    writeProgram(join(tools, tool), `#!/bin/sh\nexec ${real} "$@"\n`);
  }
  return folder === undefined ? tools : `${folder}:${tools}`;
}

test('the variable wins over PATH, PATH over the cache, and what does not run is passed over', async () => {
  const home = temporaryHome();
  const [broken, good] = [temporaryFolder(), temporaryFolder()];
  writeProgram(join(broken, 'temporal'), '#!/bin/sh\nexit 1\n');
  const onPath = writeProgram(join(good, 'temporal'), script('2'));
  const named = writeProgram(join(temporaryFolder(), 'mine'), script('1'));
  const cached = writeProgram(cachedTemporal(home), script('3'));
  const PATH = `${broken}:${pathWith(good)}`;

  const all = await findTemporal(home, { env: { PATH, SAE_MATCH_TEMPORAL: named } });
  expect(all).toEqual({ path: named, version: '1 (Server 1, UI 1)', source: 'SAE_MATCH_TEMPORAL' });
  expect(await findTemporal(home, { env: { PATH } })).toMatchObject({ path: onPath, source: 'PATH' });
  const bare = await findTemporal(home, { env: { PATH: `${broken}:${pathWith()}` } });
  expect(bare).toMatchObject({ path: cached, source: 'cache' });
});

test('a variable that names no working program is an error, not passed over', async () => {
  const env = { PATH: pathWith(), SAE_MATCH_TEMPORAL: '/no/such/temporal' };
  const find = findTemporal(temporaryHome(), { env });
  await expect(find).rejects.toThrow(EnvironmentError);
  await expect(find).rejects.toThrow('/no/such/temporal: SAE_MATCH_TEMPORAL: this is not a working Temporal program');
});

test('no Temporal and no Go is one sentence with the remedies', async () => {
  const env = { PATH: pathWith() };
  const find = findTemporal(temporaryHome(), { env, download: false });
  await expect(find).rejects.toThrow(EnvironmentError);
  await expect(find).rejects.toThrow(
    'no Temporal server program was found and none can be built (found no `temporal` and no `go` on PATH). ' +
      'Put the Temporal CLI (`temporal`) on PATH, or install Go 1.25 or later so that it is built once, ' +
      'or set TEMPORAL_ADDRESS to a running server.'
  );
  expect(await findInstalledTemporal(temporaryHome(), env)).toBeUndefined();
});

describe('download', () => {
  const target = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const archiveName = `/v${temporalRelease.version}/temporal_cli_${temporalRelease.version}_${target}.tar.gz`;
  let server: Server;
  let from: string;
  let archive: Buffer;
  let requests: string[];

  beforeAll(async () => {
    const folder = temporaryFolder();
    writeProgram(join(folder, 'temporal'), script('9'));
    execFileSync('tar', ['-czf', 'archive.tar.gz', 'temporal'], { cwd: folder });
    archive = readFileSync(join(folder, 'archive.tar.gz'));
    server = createServer((request, response) => {
      requests.push(request.url!);
      if (request.url === `/stalling${archiveName}`) response.write(archive.subarray(0, 10));
      else response.writeHead(request.url === archiveName ? 200 : 403).end(archive);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const rightSum = (): Record<string, string> => ({ [target]: createHash('sha256').update(archive).digest('hex') });

  test('the archive of this machine is fetched once, unpacked and kept', async () => {
    const home = temporaryHome();
    const options = { env: { PATH: pathWith() }, download: { from, sha256: rightSum() } };
    const first = await findTemporal(home, options);
    expect(first).toMatchObject({ path: cachedTemporal(home), version: '9 (Server 1, UI 1)', source: 'download' });
    expect(await findTemporal(home, options)).toMatchObject({ source: 'cache' });
    expect(requests).toEqual([archiveName]);
    expect(readdirSync(dirname(cachedTemporal(home))).filter((name) => name.startsWith('obtaining'))).toEqual([]);
  });

  test.each([
    ['serves other bytes', '', 'expected 00'],
    ['refuses', '/forbidden', 'answered 403'],
    ['stalls', '/stalling', 'sent nothing for 0.2 s'],
  ])('a site that %s is passed over, with the reason', async (_what, prefix, reason) => {
    const sha256 = prefix === '' ? { [target]: '00' } : rightSum();
    const lines: string[] = [];
    const find = findTemporal(temporaryHome(), {
      env: { PATH: pathWith() },
      download: { from: from + prefix, sha256, stallMs: 200 },
      onProgress: (line) => lines.push(line),
    });
    await expect(find).rejects.toThrow('none can be built');
    expect(lines).toEqual([expect.stringContaining('downloading'), expect.stringContaining(reason)]);
  });

  test('the variable names another site or forbids the download', async () => {
    const PATH = pathWith();
    const off = findTemporal(temporaryHome(), { env: { PATH, SAE_MATCH_TEMPORAL_DOWNLOAD: 'off' } });
    await expect(off).rejects.toThrow('none can be built');
    expect(requests).toEqual([]);
    const other = findTemporal(temporaryHome(), { env: { PATH, SAE_MATCH_TEMPORAL_DOWNLOAD: `${from}/mirror` } });
    await expect(other).rejects.toThrow('none can be built');
    expect(requests).toEqual([`/mirror${archiveName}`]);
  });
});

describe('build with Go', () => {
  /** A `go` that writes down each build and then stores `content` as the program, slowly. */
  function fakeGo(content: string, version = 'go1.26.0'): { PATH: string; builds: () => string[] } {
    const folder = temporaryFolder();
    const log = join(folder, 'builds');
    writeFileSync(log, '');
    writeFileSync(join(folder, 'program'), content);
    writeProgram(
      join(folder, 'go'),
      `#!/bin/sh
if [ "$1" = version ]; then echo "go version ${version} linux/amd64"; exit; fi
echo "$@" >> ${log}
sleep 0.3
${content === '' ? 'echo "go: downloading x" >&2; echo "no space left" >&2; exit 1' : ''}
cat ${join(folder, 'program')} > "$GOBIN/temporal"
chmod 755 "$GOBIN/temporal"
`
    );
    return { PATH: pathWith(folder), builds: () => readFileSync(log, 'utf8').trim().split('\n') };
  }

  test('processes that ask at the same time build once', async () => {
    const home = temporaryHome();
    const go = fakeGo(script('5'));
    const call = `return infra('temporal/find-binary').findTemporal(JSON.parse(args[0]), { env: { PATH: args[1] }, download: false });`;
    const children = Array.from({ length: 3 }, () => compiled.run(call, JSON.stringify(home), go.PATH));
    const found = await Promise.all(children.map(({ result }) => result));
    const sources = found.map((binary) => (binary as { source: string }).source);
    expect(sources.sort()).toEqual(['cache', 'cache', 'go']);
    expect(go.builds()).toHaveLength(1);
    expect(go.builds()[0]).toMatch(/^install .*github.com\/temporalio\/cli\/cmd\/temporal@v1\.5\.1$/);
  });

  test('a builder that is killed does not keep the next from building', async () => {
    const home = temporaryHome();
    const go = fakeGo(script('5'));
    const call = `await infra('temporal/find-binary').findTemporal(JSON.parse(args[0]), { env: { PATH: args[1] }, download: false });`;
    const child = compiled.run(call, JSON.stringify(home), go.PATH);
    while (go.builds()[0] === '') await new Promise((resolve) => setTimeout(resolve, 10));
    child.process.kill('SIGKILL');
    const lines: string[] = [];
    const onProgress = (line: string): void => void lines.push(line);
    const found = await findTemporal(home, { env: { PATH: go.PATH }, download: false, onProgress });
    expect(found.source).toBe('go');
    expect(lines).toContainEqual(expect.stringMatching(/^building Temporal 1\.5\.1 with Go 1\.26\.0; .*once$/));
    expect(readdirSync(dirname(found.path)).filter((name) => name.startsWith('obtaining'))).toEqual([]);
  });

  test('a failed build reports what Go said', async () => {
    const env = { PATH: fakeGo('').PATH };
    const find = findTemporal(temporaryHome(), { env, download: false });
    await expect(find).rejects.toThrow(EnvironmentError);
    await expect(find).rejects.toThrow(
      'building Temporal with Go failed (found no space left). Correct what Go reports'
    );
  });

  test('a Go that is too old is named', async () => {
    const env = { PATH: fakeGo(script('5'), 'go1.19.8').PATH };
    const find = findTemporal(temporaryHome(), { env, download: false });
    await expect(find).rejects.toThrow('(found no `temporal` on PATH and Go 1.19.8)');
  });
});
