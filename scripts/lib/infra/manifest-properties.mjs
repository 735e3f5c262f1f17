import { readFileSync } from 'node:fs';

import { at } from '../paths.mjs';

/** What every rendered manifest must fulfil; returns what does not hold, one sentence each. */
export function brokenProperties(manifests) {
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  const jobs = manifests.filter(({ kind }) => kind === 'Job');
  return [
    ...(deployments.length > 0 ? [] : ['there is no Deployment']),
    ...[...deployments, ...jobs].flatMap(brokenPod),
    ...deployments.flatMap(brokenDeployment),
    ...secretValues(manifests),
    ...undocumentedVariables([...deployments, ...jobs]),
    ...unscaledBusyPools(manifests),
    ...mixedBuilds(manifests),
  ];
}

/** Seconds after its grace time within which a worker ends. */
const FORCE_SECONDS = 15;

function brokenPod({ metadata, spec }) {
  const problems = [];
  const expect = (holds, what) => holds || problems.push(`${metadata.name}: ${what}`);
  const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const pod = spec.template.spec;
  const volumes = pod.volumes.map(({ name }) => name);
  for (const container of pod.containers) {
    const { requests, limits } = container.resources ?? {};
    expect(requests?.cpu && requests.memory && limits?.memory, 'a container has no resources');
    const security = { ...pod.securityContext, ...container.securityContext };
    expect(security.runAsNonRoot === true && security.runAsUser > 0, 'a container may run as root');
    expect(security.readOnlyRootFilesystem === true, 'the root file system can be written');
    expect(security.allowPrivilegeEscalation === false, 'privileges can be gained');
    expect(security.capabilities?.drop?.includes('ALL'), 'capabilities are kept');
    expect(security.seccompProfile?.type === 'RuntimeDefault', 'there is no seccomp profile');
    expect(container.image.includes('@sha256:') || container.image.includes(`:${version}`), 'another version is run');
    for (const { name } of container.volumeMounts) expect(volumes.includes(name), `there is no volume ${name}`);
    const files = container.env.filter(({ value }) => value?.startsWith('/etc/sae-match/'));
    for (const { name, value } of files) {
      const isMounted = container.volumeMounts.some(({ mountPath }) => value.startsWith(`${mountPath}/`));
      expect(isMounted, `the file of ${name} is not mounted`);
    }
  }
  return problems;
}

function brokenDeployment({ metadata, spec }) {
  const problems = [];
  const expect = (holds, what) => holds || problems.push(`${metadata.name}: ${what}`);
  const pod = spec.template.spec;
  for (const container of pod.containers) {
    const grace = Number(container.args.find((arg) => arg.startsWith('--grace='))?.slice('--grace='.length));
    expect(pod.terminationGracePeriodSeconds > grace + FORCE_SECONDS, 'a pod may be killed before its worker ends');
    expect(container.livenessProbe && container.readinessProbe, 'a probe is missing');
    const mounted = container.volumeMounts.map(({ mountPath }) => mountPath);
    const writable = ['/tmp', '/var/lib/sae-match', '/var/cache/sae-match'];
    expect(
      writable.every((path) => mounted.includes(path)),
      'a folder that must be writable is not mounted'
    );
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

/**
 * Each queue of activities that brings workers by its length must also keep them by the slots in use: those of the pool
 * itself, since those of others at the same queue would bring more and more workers of this one.
 */
function unscaledBusyPools(manifests) {
  return manifests
    .filter(({ kind }) => kind === 'ScaledObject')
    .flatMap(({ metadata, spec }) => {
      const group = spec.scaleTargetRef.name;
      const deployment = manifests.find(({ kind, metadata: { name } }) => kind === 'Deployment' && name === group);
      const isNamed = argumentsOf(deployment).includes(`--metrics-group=${group}`);
      const queries = spec.triggers.filter(({ type }) => type === 'prometheus').map((trigger) => trigger.metadata);
      const kept = ({ query, ignoreNullValues }, queue) =>
        query.includes(
          `temporal_worker_task_slots_used{worker_type="ActivityWorker",task_queue="${queue}",worker_group="${group}"}`
        ) && ignoreNullValues === 'false';
      const unkept = spec.triggers
        .filter(({ type, metadata: { queueTypes } }) => type === 'temporal' && queueTypes === 'activity')
        .filter(({ metadata: { taskQueue } }) => !queries.some((query) => kept(query, taskQueue)))
        .map((trigger) => `${metadata.name}: workers busy with ${trigger.metadata.taskQueue} are scaled away`);
      return isNamed ? unkept : [...unkept, `${metadata.name}: its workers do not say that they are of ${group}`];
    });
}

/** Workers, what scales them, and what makes them current must mean the same build; a worker without one no build. */
function mixedBuilds(manifests) {
  const job = manifests.find(({ kind }) => kind === 'Job');
  const name = job && environmentOf(job).TEMPORAL_DEPLOYMENT_NAME;
  const kinds = new Set(valueOf(job, '--pools')?.split(','));
  return manifests.flatMap((manifest) => {
    const { kind, metadata, spec } = manifest;
    if (kind === 'Deployment') {
      const { TEMPORAL_DEPLOYMENT_NAME: own, TEMPORAL_WORKER_BUILD_ID: build } = environmentOf(manifest);
      if (own === undefined) return build === undefined ? [] : [`${metadata.name}: has a build without a deployment`];
      const missing = valueOf(manifest, '--pools')
        .split(',')
        .filter((pool) => !kinds.has(pool));
      if (job === undefined) return [];
      if (own !== name) return [`${metadata.name}: is of another deployment than what is made current`];
      return missing.map((pool) => `${metadata.name}: the build is made current without its ${pool} workers`);
    }
    if (kind !== 'ScaledObject') return [];
    const target = manifests.find((one) => one.kind === 'Deployment' && one.metadata.name === spec.scaleTargetRef.name);
    const { TEMPORAL_DEPLOYMENT_NAME: own, TEMPORAL_WORKER_BUILD_ID: build } = environmentOf(target);
    return spec.triggers
      .filter(({ type }) => type === 'temporal')
      .filter((one) => one.metadata.workerDeploymentName !== own || one.metadata.workerDeploymentBuildId !== build)
      .map((one) => `${metadata.name}: work of other builds at ${one.metadata.taskQueue} brings workers`);
  });
}

const argumentsOf = (manifest) => manifest?.spec.template.spec.containers.flatMap(({ args }) => args) ?? [];

const valueOf = (manifest, flag) =>
  argumentsOf(manifest)
    .find((arg) => arg.startsWith(`${flag}=`))
    ?.slice(flag.length + 1);

const environmentOf = (manifest) =>
  Object.fromEntries(
    (manifest?.spec.template.spec.containers ?? []).flatMap(({ env }) => env.map(({ name, value }) => [name, value]))
  );
