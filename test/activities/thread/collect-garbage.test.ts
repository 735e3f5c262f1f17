import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectGarbage } from '../../../activities/thread/collect-garbage';

it('what nothing refers to any more is let go of', async () => {
  const garbage = new WeakRef(new SharedArrayBuffer(1024));
  const kept = new SharedArrayBuffer(1024);
  const stays = new WeakRef(kept);
  // What a weak reference was made of stays until the end of the turn.
  await nextTurn();
  collectGarbage();
  expect(garbage.deref()).toBeUndefined();
  expect(stays.deref()).toBe(kept);
});
