import type { AddVerb } from '../verb';
import { addSetCurrent } from './deployment/set-current';
import { addShow } from './deployment/show';

export const addDeployment: AddVerb = (program, action) => {
  const deployment = program
    .command('deployment')
    .summary('bring a new build of the workers into service while runs go on')
    .description(
      'Workers with --deployment take work of one build only: a run ends with the build that it began with.\n' +
        'See docs/deployment.md, "A new build while runs go on".'
    )
    .helpCommand(false);
  for (const add of [addShow, addSetCurrent]) add(deployment, action);
};
