/** Which signal of the model an SAE reads. Signals of different kinds cannot be compared. */
export type HookKind =
  'embed' | 'resid_pre' | 'resid_mid' | 'resid_post' | 'attn_z' | 'attn_out' | 'mlp_in' | 'mlp_out';

/** Names as TransformerLens, Hugging Face modules and dictionary_learning write them. */
const PATTERNS: readonly (readonly [RegExp, HookKind])[] = [
  [/hook_resid_pre|^resid_pre/, 'resid_pre'],
  [/hook_resid_mid/, 'resid_mid'],
  [/hook_resid_post|^resid_post/, 'resid_post'],
  [/hook_embed|embed_tokens|^embedding/, 'embed'],
  [/hook_z\b|o_proj\.input/, 'attn_z'],
  [/hook_attn_out|^attn_out|^attention_out|(?:self_attn|attention|attn)(?:\.output)?$/, 'attn_out'],
  [/hook_mlp_in|ln2\.hook_normalized|pre_feedforward_layernorm\.output/, 'mlp_in'],
  [/hook_mlp_out|^mlp_out|post_feedforward_layernorm\.output|mlp(?:\.output)?$/, 'mlp_out'],
  // The output of a whole block is the residual stream after it.
  [/^hidden_states\.\d+$|(?:layers|h)\.\d+(?:\.output)?$/, 'resid_post'],
];

/** All of these are the residual stream, only read at another place. */
const RESIDUAL: ReadonlySet<HookKind> = new Set(['embed', 'resid_pre', 'resid_mid', 'resid_post']);

/** The kind of a hook point; null when its name is missing or unknown. */
export function hookKind(hook: string | null): HookKind | null {
  if (hook === null) return null;
  return PATTERNS.find(([pattern]) => pattern.test(hook))?.[1] ?? null;
}

/** Whether SAEs at two hook points may be compared: the same kind, both in the residual stream, or one unknown. */
export function hooksAgree(a: string | null, b: string | null): boolean {
  const [left, right] = [hookKind(a), hookKind(b)];
  if (left === null || right === null || left === right) return true;
  return RESIDUAL.has(left) && RESIDUAL.has(right);
}
