import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTemporal } from '../../../infra/temporal/find-binary';
import { isServing } from '../../../infra/temporal/server-health';
import { freePort } from '../../support/free-port';
import { PROGRAM, runProgram, startProgram, withoutServer } from '../../support/program';
import type { Command, Finished } from '../../support/program';
import { createProgramHome } from '../../support/program-home';
import { Service } from '../../support/service';
import { workerReady } from '../../support/worker-log';

/** One build of the program, as it is deployed. */
export interface Build {
  /** Its command line. */
  readonly program: string;
  /** Flags of its workers. */
  readonly flags: readonly string[];
}

/** The build under test. */
export const THIS_BUILD: Build = { program: PROGRAM, flags: [] };

/** A server of its own, at which builds of workers come and go. */
export interface DeploymentPlace {
  readonly folder: string;
  /** The server's program, which has the operator's own commands. */
  readonly temporal: string;
  /** What makes commands use this server and deployment. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `sae-match <args>` of this build to its end. */
  command(...args: string[]): Promise<Finished>;
  /** Starts a worker of a build, and waits until it takes work. */
  worker(build: Build, ...flags: string[]): Promise<Command>;
  close(): Promise<void>;
}

const ROOT = resolve(__dirname, '../../..');

export async function createDeploymentPlace(deployment: string): Promise<DeploymentPlace> {
  const own = createProgramHome();
  const { folder } = own;
  const { path: temporal } = await findTemporal(own.home);
  const address = `127.0.0.1:${await freePort()}`;
  const env = { ...own.env, TEMPORAL_ADDRESS: address, TEMPORAL_DEPLOYMENT_NAME: deployment };
  const flags = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', address.split(':')[1]!];
  const server = new Service({
    command: [temporal, ...flags, '--log-level', 'warn', ...DRAINAGE_WITHOUT_DELAY],
    env: withoutServer(process.env),
    logFile: join(folder, 'server.log'),
  });
  while (!(await isServing(address))) await sleep(100);
  return {
    ...{ folder, temporal, env },
    command: (...args) => runProgram(args, env),
    worker: async (build, ...more) => {
      const args = ['worker', '--metrics', '127.0.0.1:0', ...build.flags, ...more];
      const worker = startProgram(args, env, build.program);
      await workerReady(worker);
      return worker;
    },
    close: async () => {
      await own.remove();
      await server.close();
    },
  };
}

/** The server looks whether something still runs with a build after minutes only. */
const DRAINAGE_WITHOUT_DELAY = ['VisibilityGracePeriod', 'RefreshInterval'].flatMap((name) => [
  '--dynamic-config-value',
  `matching.wv.VersionDrainageStatus${name}="1s"`,
]);

/** A build whose workflow of a run does something else first, so that it cannot go on with a run of this build. */
export function writeOtherBuild(folder: string): Build {
  mkdirSync(folder);
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const bundle = join(folder, 'dist/workflow-bundle.js');
  const code = readFileSync(bundle, 'utf8');
  const first = "(0, enter_phase_1.enterPhase)(tracker, 'resolving');";
  const changed = code.replace(first, `await (0, workflow_1.sleep)(1); ${first}`);
  if (changed === code) throw new Error(`the workflow of a run has no "${first}"`);
  writeFileSync(bundle, changed);
  return { program: join(folder, 'dist/cli/main.js'), flags: [] };
}
