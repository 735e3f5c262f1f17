import { describeDeployment } from '../../deployment/describe-deployment';
import type { BuildStanding, DeploymentStanding } from '../../deployment/describe-deployment';
import { withDeployment } from '../../deployment/with-deployment';
import type { DeploymentFlags } from '../../deployment/with-deployment';
import { formatTable } from '../../format-table';
import type { Output } from '../../output';
import { withServerFlags } from '../../server-flags';
import type { AddVerb } from '../../verb';

export const addShow: AddVerb = (deployment, action) =>
  withServerFlags(deployment.command('show'), 'none')
    .summary('the builds of a deployment, and what still runs on each')
    .argument('[name]', 'name of the deployment (default: TEMPORAL_DEPLOYMENT_NAME)')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  sae-match deployment show matcher')
    .action(
      action((output, name: string | undefined, flags: DeploymentFlags & { json?: boolean }) =>
        withDeployment(output, name, flags, async (session, deployment) => {
          const standing = await describeDeployment(session, deployment);
          if (flags.json === true) output.json(standing);
          else print(output, standing);
        })
      )
    );

function print(output: Output, { deployment, current, builds }: DeploymentStanding): void {
  const rows = builds.map(({ build_id: id, state, workers, runs }) => [id, state, String(workers), String(runs)]);
  for (const line of formatTable(['build', 'state', 'workers', 'runs'], rows, [2, 3])) output.print(line);
  for (const build of builds) {
    const note = remark(build);
    if (note !== null) output.note(note);
  }
  if (current !== null) return;
  output.note(`no build is current, so new runs wait: sae-match deployment set-current ${deployment} --build-id ID`);
}

/** What a person should do about a build; null: nothing. */
function remark({ build_id: id, state, workers, runs }: BuildStanding): string | null {
  if (runs > 0 && workers === 0)
    return `build ${id} has no workers, so ${runs} of its runs wait: start its workers again`;
  if (state === 'drained' && workers > 0) return `build ${id} has nothing left to do: its workers can be ended`;
  return null;
}
