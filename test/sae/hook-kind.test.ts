import { hookKind, hooksAgree } from '../../sae/hook-kind';
import { layerOfHook, layerOfPath } from '../../sae/layer-name';

describe('hookKind', () => {
  it.each([
    ['blocks.3.hook_resid_pre', 'resid_pre'],
    ['blocks.3.hook_resid_post', 'resid_post'],
    ['blocks.3.hook_mlp_out', 'mlp_out'],
    ['blocks.3.attn.hook_z', 'attn_z'],
    ['blocks.3.hook_attn_out', 'attn_out'],
    ['blocks.3.ln2.hook_normalized', 'mlp_in'],
    ['hook_embed', 'embed'],
    ['hidden_states.4', 'resid_post'],
    ['model.layers.7.output', 'resid_post'],
    ['layers.7', 'resid_post'],
    ['layers.7.mlp', 'mlp_out'],
    ['model.layers.7.self_attn.o_proj.input', 'attn_z'],
    ['model.layers.7.post_feedforward_layernorm.output', 'mlp_out'],
    ['something.else', null],
    [null, null],
  ])('of %s is %s', (hook, kind) => {
    expect(hookKind(hook)).toBe(kind);
  });

  it('lets residual hooks and unknown ones agree, but not z with the residual stream', () => {
    expect(hooksAgree('blocks.3.hook_resid_pre', 'blocks.2.hook_resid_post')).toBe(true);
    expect(hooksAgree(null, 'blocks.3.attn.hook_z')).toBe(true);
    expect(hooksAgree('blocks.1.attn.hook_z', 'blocks.3.attn.hook_z')).toBe(true);
    expect(hooksAgree('blocks.3.hook_resid_post', 'blocks.3.attn.hook_z')).toBe(false);
    expect(hooksAgree('blocks.3.hook_mlp_out', 'blocks.3.hook_resid_post')).toBe(false);
  });
});

describe('layer names', () => {
  it.each([
    ['layer_3/width_16k/average_l0_59', 3],
    ['a/layer_12.safetensors', 12],
    ['layer_5/run/layer-6/x.npz', 6],
    ['blocks.8.hook_resid_pre', 8],
    ['model/layers.20/sae', 20],
    ['width_16k/average_l0_71', null],
    ['multilayer_3/x', null],
  ])('path %s names layer %s', (path, layer) => {
    expect(layerOfPath(path)).toBe(layer);
  });

  it.each([
    ['blocks.4.hook_resid_post', 4],
    ['transformer.h.9', 9],
    ['hidden_states.0', 0],
    ['hook_embed', null],
    [null, null],
  ])('hook %s names layer %s', (hook, layer) => {
    expect(layerOfHook(hook)).toBe(layer);
  });
});
