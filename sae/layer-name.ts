/** `layer_3`, `layer-3`, `layer_3.safetensors` as one component of a path. */
const LAYER_COMPONENT = /^layers?[_-]?(\d+)(?=$|[._-])/i;
/** Hook points: `blocks.3.hook_resid_post`, `model.layers.3.output`, `transformer.h.3`, `hidden_states.3`. */
const LAYER_IN_HOOK = /(?:^|[./_])(?:blocks|layers?|h|hidden_states)[._](\d+)(?=$|[./_])/;

/** The layer that a path names: its last component that does so decides; null when none does. */
export function layerOfPath(path: string): number | null {
  for (const component of path.split(/[/\\]/).reverse()) {
    const match = LAYER_COMPONENT.exec(component) ?? LAYER_IN_HOOK.exec(component);
    if (match !== null) return Number(match[1]);
  }
  return null;
}

/** The layer in the name of a hook point; null when it has none. */
export function layerOfHook(hook: string | null): number | null {
  const match = hook === null ? null : LAYER_IN_HOOK.exec(hook);
  return match === null ? null : Number(match[1]);
}
