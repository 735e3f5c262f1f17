import { DevicePool } from '../../../activities/tiles/device-pool';

it('lends each device once before it lends one twice', () => {
  const pool = new DevicePool(['cuda:0', 'cuda:1', 'cpu']);
  const lent = [1, 2, 3, 4].map(() => pool.lend().device);
  expect(lent).toEqual(['cuda:0', 'cuda:1', 'cpu', 'cuda:0']);
});

it('lends a device that was given back before those in use', () => {
  const pool = new DevicePool(['cuda:0', 'cuda:1']);
  pool.lend();
  const second = pool.lend();
  second.release();
  expect([pool.lend().device, pool.lend().device]).toEqual(['cuda:1', 'cuda:0']);
});
