import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { sendBody, startWebServer } from './web-server';
import type { WebServer } from './web-server';

/** A repository: what each commit holds, and which commit each branch and tag stands for. */
export interface Repository {
  readonly commits: Record<string, ReadonlyMap<string, Buffer>>;
  readonly revisions: Record<string, string>;
  /** Which of the revisions are tags; the others are branches. */
  readonly tags?: readonly string[];
  /** Needed to see it at all. */
  readonly token?: string;
}

/** Longer files are kept by Git LFS, as the Hub does with weights. */
const LFS_BYTES = 400;
/** Entries a page of a listing has. */
const PAGE = 5;

/**
 * The parts of the Hub's interface that reading needs, as the real one answers: the commit of a revision, the tree in
 * pages, and files, those of LFS by a redirect to another host that must not see the token.
 */
export async function startHubServer(initial: Readonly<Record<string, Repository>>): Promise<HubServer> {
  const repositories = { ...initial };
  const lfs = await startWebServer((server) => (request, response) => {
    const [, name, commit, path] = /^\/([^/]+\/[^/]+)\/([^/]+)\/(.*)$/.exec(pathOf(request))!;
    const body = repositories[name!]!.commits[commit!]!.get(path!)!;
    sendBody(server, request, response, body, { 'accept-ranges': 'bytes', etag: `"${sha256(body)}"` });
  });
  const hub = await startWebServer((server) => (request, response) => {
    answer(server, lfs.url, repositories, request, response);
  });
  return {
    ...hub,
    lfs,
    add: (name, repository) => {
      repositories[name] = repository;
    },
    close: async () => {
      await Promise.all([hub.close(), lfs.close()]);
    },
  };
}

export interface HubServer extends WebServer {
  /** Where the large files are. */
  readonly lfs: WebServer;
  add(name: string, repository: Repository): void;
}

/** All files of a folder, by path. */
export function filesBelow(folder: string): ReadonlyMap<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    paths.map(({ parentPath, name }) => {
      const full = join(parentPath, name);
      return [full.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(full)];
    })
  );
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function answer(
  server: WebServer,
  lfs: string,
  repositories: Readonly<Record<string, Repository>>,
  request: IncomingMessage,
  response: ServerResponse
): void {
  const path = pathOf(request);
  const [, api, name, what, revision, rest = ''] =
    /^\/(?:(api)\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve|commits|refs)(?:\/([^/]+)(?:\/(.*))?)?$/.exec(
      path
    ) ?? [];
  const repository = repositories[name ?? ''];
  const fail = (status: number): void => void response.writeHead(status).end();
  if (repository === undefined) {
    fail(404);
    return;
  }
  const { token } = repository;
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
    fail(401);
    return;
  }
  const json = (value: unknown, headers = {}): void => {
    sendBody(server, request, response, Buffer.from(JSON.stringify(value)), {
      'content-type': 'application/json',
      ...headers,
    });
  };
  if (what === 'refs') {
    json(refsOf(repository));
    return;
  }
  const commit = repository.revisions[revision!] ?? revision!;
  const files = repository.commits[commit];
  if (files === undefined) {
    fail(404);
    return;
  }
  if (api === undefined) {
    const body = files.get(rest);
    if (body === undefined) {
      fail(404);
      return;
    }
    if (body.length <= LFS_BYTES) {
      sendBody(server, request, response, body, { 'accept-ranges': 'bytes', etag: `"${gitOid(body)}"` });
      return;
    }
    return void response.writeHead(302, { location: `${lfs}/${name!}/${commit}/${rest}` }).end();
  }
  if (what === 'commits') {
    json(historyOf(repository, commit));
    return;
  }
  if (what === 'revision') {
    json({ _id: '1', id: name, sha: commit, lastModified: '2026-01-01' });
    return;
  }
  const inside = [...files].filter(([file]) => rest === '' || file.startsWith(`${rest}/`));
  if (inside.length === 0) {
    fail(404);
    return;
  }
  const from = Number(new URL(request.url!, server.url).searchParams.get('cursor') ?? 0);
  const more = from + PAGE < inside.length;
  const next = new URL(request.url!, server.url);
  next.searchParams.set('cursor', String(from + PAGE));
  json(inside.slice(from, from + PAGE).map(treeEntry), more ? { link: `<${next.href}>; rel="next"` } : {});
}

/** The commits of a repository are those that its listing has up to the one asked for, in this order. */
function historyOf({ commits }: Repository, commit: string): object[] {
  const names = Object.keys(commits);
  const own = names.slice(0, names.indexOf(commit) + 1).reverse();
  return own.map((id) => ({ id, title: '', message: '', authors: [], date: '2026-01-01' }));
}

function refsOf({ revisions, tags = [] }: Repository): object {
  const refs = Object.entries(revisions).map(([name, targetCommit]) => ({ name, targetCommit }));
  const isTag = ({ name }: { name: string }): boolean => tags.includes(name);
  return { branches: refs.filter((ref) => !isTag(ref)), tags: refs.filter(isTag), converts: [] };
}

function treeEntry([path, body]: [string, Buffer]): object {
  const lfs = body.length > LFS_BYTES && { lfs: { oid: sha256(body), size: body.length, pointerSize: 134 } };
  return { type: 'file', path, size: body.length, oid: gitOid(body), ...lfs };
}

const gitOid = (body: Buffer): string => createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex');
const pathOf = ({ url }: IncomingMessage): string => decodeURIComponent(new URL(url!, 'http://x').pathname);
