import fc from 'fast-check';
import { stepOfFile, stepOfName } from '../../sae/step-name';

const step = fc.integer({ min: 0, max: 1e12 });

it('every usual way to write a step is read as that step', () => {
  const ways = [
    ...['', 'step', 'step_', 'step-', 'step=', 'steps_', 'global_step', 'ckpt', 'ckpt_', 'checkpoint-', 'checkpoint_'],
    ...['iter_', 'iteration_', 'final_', 'sae_step_', 'gpt2-checkpoint-', 'epoch=0-step=', 'CKPT'],
  ];
  fc.assert(
    fc.property(step, fc.constantFrom(...ways), (number, way) => {
      expect(stepOfName(`${way}${number}`)).toBe(number);
    })
  );
});

it('layers, widths and other numbered names carry no step', () => {
  const others = [
    'layer_',
    'layers.',
    'blocks.',
    'h.',
    'trainer_',
    'width_',
    'average_l0_',
    'seed',
    'epoch_',
    'v',
    'w',
  ];
  fc.assert(
    fc.property(step, fc.constantFrom(...others), fc.constantFrom('', '.hook_resid_post', 'k'), (number, name, end) => {
      expect(stepOfName(`${name}${number}${end}`)).toBeNull();
    })
  );
});

it.each([
  ['step10k', 10_000],
  ['step_2M', 2_000_000],
  ['checkpoint-1_step-1000', 1000],
  ['final_7', 7],
  ['16k', null],
  ['step_1000b', null],
  ['99999999999999999999', null],
  ['latest', null],
  ['footstep9', null],
])('%s carries the step %p', (name, expected) => {
  expect(stepOfName(name)).toBe(expected);
});

it.each([
  ['ae_1000.pt', 1000],
  ['layer_3/trainer_0/checkpoints/ae_20.pt', 20],
  ['checkpoint_5.pt', 5],
  ['ae.pt', null],
  ['ae_final.pt', null],
  ['mae_3.pt', null],
  ['ae_3.pt.tmp', null],
])('the file %s is of the step %p', (path, expected) => {
  expect(stepOfFile(path)).toBe(expected);
});
