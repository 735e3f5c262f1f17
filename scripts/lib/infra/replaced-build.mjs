import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { at } from '../paths.mjs';

/** The Deployment that a release has before it is upgraded. */
const before = ({ image, isVersioned }) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'release-sae-match-match',
    namespace: 'default',
    ...(isVersioned && { annotations: { 'sae-match/worker-deployment': 'matcher' } }),
  },
  spec: { template: { spec: { containers: [{ name: 'worker', image }] } } },
});

const VERSIONED = ['--set', 'versioning.deployment=matcher'];
const CASES = [
  { title: 'the same image', old: { image: 'sae-match:1.2.3', isVersioned: true }, flags: VERSIONED, passes: true },
  { title: 'another image', old: { image: 'sae-match:1.2.2', isVersioned: true }, flags: VERSIONED, passes: false },
  {
    title: 'another image when that is allowed',
    old: { image: 'sae-match:1.2.2', isVersioned: true },
    flags: [...VERSIONED, '--set', 'versioning.replaceBuild=true'],
    passes: true,
  },
  {
    title: 'another image of workers without versions',
    old: { image: 'sae-match:1.2.2', isVersioned: false },
    flags: VERSIONED,
    passes: true,
  },
  { title: 'another image without versions', old: { image: 'x:1', isVersioned: true }, flags: [], passes: true },
  { title: 'nothing there yet', old: null, flags: VERSIONED, passes: true },
];

/**
 * Whether the chart refuses to replace the workers of a build, to which runs may be pinned, in place. Helm asks what is in
 * the cluster of a server that answers as that of Kubernetes does. Returns what is wrong.
 */
export async function checkReplacedBuild(helm, chart) {
  const problems = [];
  for (const { title, old, flags, passes } of CASES) {
    const { refusal, asked } = await upgrade(helm, chart, old === null ? null : before(old), flags);
    if (!asked && flags.length > 0) problems.push(`upgrade to ${title}: the cluster was not asked`);
    const expected = passes ? '' : 'Install sae-match:1.2.3 as a release of its own';
    if (passes ? refusal !== '' : !refusal.includes(expected)) {
      problems.push(`upgrade to ${title}: expected "${expected}", found "${refusal}"`);
    }
  }
  return problems;
}

async function upgrade(helm, chart, deployment, flags) {
  const scratch = mkdtempSync(join(tmpdir(), 'sae-match-upgrade-'));
  const cluster = await startCluster(deployment);
  try {
    const kubeconfig = join(scratch, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(configurationFor(cluster.url)));
    const args = [
      'template',
      'release',
      at(chart),
      '--dry-run=server',
      '--kube-version',
      '1.30.0',
      '--set',
      'image.tag=1.2.3',
      ...flags,
    ];
    const refusal = await promisify(execFile)(helm, args, { env: { ...process.env, KUBECONFIG: kubeconfig } }).then(
      () => '',
      (error) => String(error.stderr)
    );
    return { refusal, asked: cluster.asked.some((path) => path.endsWith('/deployments/release-sae-match-match')) };
  } finally {
    cluster.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function startCluster(deployment) {
  const asked = [];
  const resource = { name: 'deployments', singularName: '', namespaced: true, kind: 'Deployment', verbs: ['get'] };
  const pages = {
    '/version': { major: '1', minor: '30', gitVersion: 'v1.30.0' },
    '/api': { kind: 'APIVersions', versions: [] },
    '/apis': {
      ...{ kind: 'APIGroupList', apiVersion: 'v1' },
      groups: [
        {
          name: 'apps',
          versions: [{ groupVersion: 'apps/v1', version: 'v1' }],
          preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
        },
      ],
    },
    '/apis/apps/v1': { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'apps/v1', resources: [resource] },
    ...(deployment && { '/apis/apps/v1/namespaces/default/deployments/release-sae-match-match': deployment }),
  };
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    asked.push(path);
    const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    response.writeHead(path in pages ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(pages[path] ?? missing));
  });
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${server.address().port}`;
      done({ url, asked, close: () => (server.closeAllConnections(), server.close()) });
    });
  });
}

const configurationFor = (server) => ({
  ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
  clusters: [{ name: 'test', cluster: { server } }],
  users: [{ name: 'test', user: {} }],
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
});
