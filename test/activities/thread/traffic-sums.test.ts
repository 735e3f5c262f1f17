import { TrafficSums } from '../../../activities/thread/traffic-sums';
import type { StoreTraffic } from '../../../artifacts/store/metered-store';

describe('TrafficSums', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const read = (bytes: number): StoreTraffic => ({ operation: 'read', store: 'gcs', bytes });
  const write = (bytes: number): StoreTraffic => ({ operation: 'write', store: 'folder', bytes });

  it('tells the sum of each kind of transfer once, when it is asked to', () => {
    const told: StoreTraffic[] = [];
    const sums = new TrafficSums((sum) => told.push(sum));
    for (const traffic of [read(10), write(5), read(20)]) sums.add(traffic);
    expect(told).toEqual([]);
    sums.tell();
    sums.tell();
    expect(told).toEqual([read(30), write(5)]);
  });

  it('tells of a long task while it goes on', () => {
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const told: StoreTraffic[] = [];
    const sums = new TrafficSums((sum) => told.push(sum));
    for (now = 0; now <= 2500; now += 500) sums.add(read(1));
    expect(told).toEqual([read(3), read(2)]);
  });
});
