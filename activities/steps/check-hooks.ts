import { InputError } from '../../matching/errors';
import { hooksAgree } from '../../sae/hook-kind';

/** An SAE by name and hook point. */
export interface HookedSae {
  readonly name: string;
  readonly hook: string | null;
}

/** @throws InputError when two SAEs sit on hook points of different kinds, which have nothing to do with each other */
export function checkHooks(saes: readonly HookedSae[]): void {
  for (const [index, sae] of saes.entries()) {
    const other = saes.slice(0, index).find((earlier) => !hooksAgree(earlier.hook, sae.hook));
    if (other === undefined) continue;
    throw new InputError('the SAEs sit on different kinds of hook point', {
      field: 'hook',
      found: `${other.hook!} (${other.name}) and ${sae.hook!} (${sae.name})`,
      expected: 'one kind',
      remedy: 'Choose SAEs of one kind, or pass --allow-hook-mismatch.',
    });
  }
}
