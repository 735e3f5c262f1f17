import type { AddVerb } from '../verb';
import { addCreate } from './schedule/create';
import { addList } from './schedule/list';
import { addShow } from './schedule/show';
import { addBackfill, addDelete, addPause, addTrigger, addUnpause } from './schedule/steer';

export const addSchedule: AddVerb = (program, action) => {
  const schedule = program
    .command('schedule')
    .summary('match every new checkpoint of a training, once')
    .description(
      'A schedule looks for new checkpoints from time to time and starts one run for each, compared with the checkpoint\n' +
        'before. See docs/schedules.md.'
    )
    .helpCommand(false);
  for (const add of [addCreate, addList, addShow, addTrigger, addPause, addUnpause, addBackfill, addDelete]) {
    add(schedule, action);
  }
};
