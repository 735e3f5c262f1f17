import { readFileSync } from 'node:fs';

import { at } from '../paths.mjs';

/** What every rendered manifest must fulfil; returns what does not hold, one sentence each. */
export function brokenProperties(manifests) {
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  return [
    ...(deployments.length > 0 ? [] : ['there is no Deployment']),
    ...deployments.flatMap(brokenDeployment),
    ...secretValues(manifests),
    ...undocumentedVariables(deployments),
    ...unscaledBusyPools(manifests),
  ];
}

/** Seconds after its grace time within which a worker ends. */
const FORCE_SECONDS = 15;

function brokenDeployment({ metadata, spec }) {
  const problems = [];
  const expect = (holds, what) => holds || problems.push(`${metadata.name}: ${what}`);
  const pod = spec.template.spec;
  for (const container of pod.containers) {
    const grace = Number(container.args.find((arg) => arg.startsWith('--grace='))?.slice('--grace='.length));
    expect(pod.terminationGracePeriodSeconds > grace + FORCE_SECONDS, 'a pod may be killed before its worker ends');
    const { requests, limits } = container.resources ?? {};
    expect(requests?.cpu && requests.memory && limits?.memory, 'a container has no resources');
    const security = { ...pod.securityContext, ...container.securityContext };
    expect(security.runAsNonRoot === true && security.runAsUser > 0, 'a container may run as root');
    expect(security.readOnlyRootFilesystem === true, 'the root file system can be written');
    expect(security.allowPrivilegeEscalation === false, 'privileges can be gained');
    expect(security.capabilities?.drop?.includes('ALL'), 'capabilities are kept');
    expect(security.seccompProfile?.type === 'RuntimeDefault', 'there is no seccomp profile');
    expect(container.livenessProbe && container.readinessProbe, 'a probe is missing');
    const mounted = container.volumeMounts.map(({ mountPath }) => mountPath);
    const writable = ['/tmp', '/var/lib/sae-match', '/var/cache/sae-match'];
    expect(
      writable.every((path) => mounted.includes(path)),
      'a folder that must be writable is not mounted'
    );
    const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
    expect(container.image.includes('@sha256:') || container.image.includes(`:${version}`), 'another version is run');
  }
  return problems;
}

/** Manifests name secrets; they never hold one. */
function secretValues(manifests) {
  const kinds = manifests.filter(({ kind }) => kind === 'Secret').map(() => 'a Secret is rendered');
  const plain = manifests
    .flatMap((manifest) => manifest.spec?.template?.spec?.containers ?? [])
    .flatMap(({ env = [] }) => env)
    .filter(({ name, value }) => /API_KEY|TOKEN|WEBHOOK|_DATA$|PASSWORD/.test(name) && value !== undefined);
  return [...kinds, ...plain.map(({ name }) => `${name} stands in a manifest in plain text`)];
}

function undocumentedVariables(deployments) {
  const pages = ['docs/operating.md', 'docs/deployment.md'].map((page) => readFileSync(at(page), 'utf8')).join();
  const names = deployments.flatMap(({ spec }) =>
    spec.template.spec.containers.flatMap(({ env }) => env.map(({ name }) => name))
  );
  return [...new Set(names)]
    .filter((name) => !pages.includes(`\`${name}\``))
    .map((name) => `${name} is not documented`);
}

/** Each queue that brings workers by its length must also keep them by the slots in use. */
function unscaledBusyPools(manifests) {
  return manifests
    .filter(({ kind }) => kind === 'ScaledObject')
    .flatMap(({ metadata, spec }) => {
      const queries = spec.triggers.filter(({ type }) => type === 'prometheus').map((trigger) => trigger.metadata);
      const kept = ({ query, ignoreNullValues }, queue) =>
        query.includes(`temporal_worker_task_slots_used{worker_type="ActivityWorker",task_queue="${queue}"}`) &&
        ignoreNullValues === 'false';
      return spec.triggers
        .filter(({ type }) => type === 'temporal')
        .filter(({ metadata: { taskQueue } }) => !queries.some((query) => kept(query, taskQueue)))
        .map((trigger) => `${metadata.name}: workers busy with ${trigger.metadata.taskQueue} are scaled away`);
    });
}
