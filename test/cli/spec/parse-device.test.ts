import { parseDevice, parseDevices } from '../../../cli/spec/parse-device';
import { UsageError } from '../../../matching/errors';

it.each(['auto', 'cpu', 'cuda', 'cuda:0', 'cuda:12', 'webgpu'])('takes %j', (text) => {
  expect(parseDevice(text)).toBe(text);
});

it.each([
  '',
  'gpu',
  'CUDA',
  'cuda:',
  'cuda:-1',
  'cuda:01',
  'cuda:1000',
  'cuda:x',
  'cpu:0',
  'webgpu:1',
  'cuda:0,cuda:1',
])('refuses %j as one device', (text) => {
  expect(() => parseDevice(text)).toThrow(UsageError);
  expect(() => parseDevice(text)).toThrow('--device');
});

it.each([
  ['auto', ['auto']],
  ['cuda:0,cuda:1', ['cuda:0', 'cuda:1']],
  ['cuda:1, cpu', ['cuda:1', 'cpu']],
])('takes %j as the devices of a worker', (text, devices) => {
  expect(parseDevices(text)).toEqual(devices);
});

it.each([
  ['cuda:1,cuda:1', 'named twice'],
  ['cuda,cuda:0', 'named twice'],
  ['cpu,cpu', 'named twice'],
  ['auto,cpu', 'auto is one device'],
  ['cuda:0,', 'unknown device'],
])('refuses %j as the devices of a worker', (text, reason) => {
  expect(() => parseDevices(text)).toThrow(UsageError);
  expect(() => parseDevices(text)).toThrow(reason);
});
