"""Splices a matching into a language model and says what that costs: ΔL, the change of next-token cross-entropy in nats.

    sae-match export RUN --to splice --with-weights --output splice
    python examples/splice.py splice --model google/gemma-2-2b --documents documents.jsonl

For every layer t of the export and every number n of --skip, the layers t+1 to t+n are skipped: what they would have made of
the hidden state is replaced by

    folded, plain   encode with the SAE of layer t, permute, decode with the SAE of layer t+n (SAE Match, arXiv 2410.07656,
                    Eq. 5). `folded` carries activations in units of the features' own scales, `plain` as they are.

and, as bounds of that, by

    previous        encode and decode with the SAE of layer t
    copy            the hidden state of layer t as it is: the layers are dropped
    current         encode and decode with the SAE of layer t+n the hidden state that it does have: nothing is skipped

Each line of DOCUMENTS is a JSON object with `text`, or with `tokens`, a list of token ids. What the model computes for tokens that
are the beginning of a sequence (BOS) stays as it is, and what it predicts from them does not count. ΔL is a mean over all other
tokens that are followed by one; its interval (2.5 % to 97.5 %) comes from drawing documents, not tokens, with replacement.

A layer's hidden state is the output of the block of that number, or its input where the hook of the SAE says `resid_pre`;
--layer-offset -1 says that layer 0 is the embedding. Needs torch, safetensors, numpy, and transformers to load a model.
"""

import argparse
import contextlib
import dataclasses
import functools
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file

SCHEMA = "sae-match/splice@1"
CARRIED = ("folded", "plain")
BOUNDS = ("previous", "copy", "current")
RESAMPLES = 1000
# Where the blocks of a model are, as Hugging Face names them.
BLOCKS = ("model.layers", "transformer.h", "gpt_neox.layers", "model.decoder.layers", "model.language_model.layers")


class Sae:
    """A sparse autoencoder as `sae-match convert --to canonical` writes it: features are rows, everything float32."""

    def __init__(self, file, device="cpu"):
        tensors = load_file(file, device=str(device))
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata()
        self.encoder, self.encoder_bias = tensors["W_enc"], tensors["b_enc"]
        self.decoder, self.decoder_bias = tensors["W_dec"], tensors["b_dec"]
        self.threshold, self.select_scale = tensors.get("threshold"), tensors.get("select_scale")
        self.k = int(metadata.get("k", 0))
        unusable = [
            ("W_skip", "W_skip" in tensors),
            (f"activation {metadata['activation']}", self.threshold is None and metadata["activation"] != "topk"),
            (f"input norm {metadata.get('input_norm')}", metadata.get("input_norm", "none") != "none"),
            ("another space than it reads", self.encoder.shape != self.decoder.shape),
        ]
        for what, has in unusable:
            if has:
                sys.exit(f"{file}: no SAE of a hidden state that can be spliced: it has {what}")

    def encode(self, x):
        """[..., d] -> [..., features]"""
        before = x @ self.encoder.T + self.encoder_bias
        if self.threshold is not None:
            return torch.where(before > self.threshold.clamp(min=0), before, 0)
        rank = torch.relu(before) * (1 if self.select_scale is None else self.select_scale)
        largest = rank.topk(self.k, dim=-1)
        active = torch.zeros_like(rank).scatter(-1, largest.indices, (largest.values > 0).to(rank.dtype))
        return before * active

    def decode(self, f):
        """[..., features] -> [..., d]"""
        return f @ self.decoder + self.decoder_bias


@dataclasses.dataclass
class Carry:
    """How activations of one layer become those of another."""

    permutation: torch.Tensor  # [source features] int64, -1: unmatched
    factor: torch.Tensor  # [source features] θ_target / θ_source, 0: unmatched
    targets: int

    def then(self, other):
        """This one first, then the other."""
        goes_on = self.permutation >= 0
        via = self.permutation.clamp(min=0)
        permutation = torch.where(goes_on, other.permutation[via], -1)
        factor = torch.where(permutation >= 0, self.factor * other.factor[via], 0.0)
        return Carry(permutation, factor, other.targets)

    def permute(self, f, decoding):
        """f_hat[permutation[i]] = f[i], a scatter: [..., source features] -> [..., target features]"""
        matched = self.permutation >= 0
        values = f[..., matched]
        if decoding == "folded":
            values = values * self.factor[matched]
        permuted = f.new_zeros(*f.shape[:-1], self.targets)
        permuted[..., self.permutation[matched]] = values
        return permuted


class Splice:
    """A folder of `sae-match export --to splice`."""

    def __init__(self, folder, saes=None, device="cpu"):
        """
        saes: folder of the SAEs as `sae-match convert --to canonical` writes them, where the export has none.
        """
        folder = pathlib.Path(folder)
        index = json.loads((folder / "splice.json").read_text())
        if index["schema"] != SCHEMA:
            sys.exit(f"{folder / 'splice.json'}: found {index['schema']}, expected {SCHEMA}")
        tensors = load_file(folder / index["tensors"], device=str(device))
        self.layers = {layer["layer"]: layer for layer in index["layers"]}
        self.device = device
        self.saes, self.folder, self.loaded = saes and pathlib.Path(saes), folder, {}
        self.carries = {
            (pair["source_layer"], pair["target_layer"]): Carry(
                tensors[pair["permutation"]].long(), tensors[pair["factor"]], self.layers[pair["target_layer"]]["features"]
            )
            for pair in index["pairs"]
        }

    def sae(self, layer):
        if layer not in self.loaded:
            weights = self.layers[layer]["weights"]
            if weights is None and self.saes is None:
                sys.exit(f"{self.folder} has no weights: export --with-weights, or name the SAEs with --saes")
            file = self.folder / weights if self.saes is None else self.saes / f"layer_{layer}" / "sae.safetensors"
            self.loaded[layer] = Sae(file, self.device)
        return self.loaded[layer]

    def carry(self, source, target, permutation="composed"):
        """From one layer to another by way of the layers between, or directly; None where a step is not in the export."""
        if source not in self.layers or target not in self.layers or source >= target:
            return None
        way = [layer for layer in sorted(self.layers) if source <= layer <= target]
        if permutation == "direct":
            way = [source, target]
        steps = [self.carries.get(step) for step in zip(way, way[1:])]
        if None in steps:
            return None
        carried = steps[0]
        for step in steps[1:]:
            carried = carried.then(step)
        return carried

    def replacement(self, name, source, target, permutation="composed"):
        """What takes the place of the hidden state of layer `target`: a function of those of `source` and `target`."""
        if name == "copy":
            return lambda before, now: before
        first, last = self.sae(source), self.sae(target)
        if name == "previous":
            return lambda before, now: first.decode(first.encode(before))
        if name == "current":
            return lambda before, now: last.decode(last.encode(now))
        carried = self.carry(source, target, permutation)
        return lambda before, now: last.decode(carried.permute(first.encode(before), name))

    def offset(self):
        """Of the block whose output is the hidden state of a layer, as far as hooks tell."""
        hooks = [layer["hook"] or "" for layer in self.layers.values()]
        foreign = [hook for hook in hooks if any(part in hook for part in ("attn", "mlp", "hook_z", "resid_mid"))]
        if foreign:
            sys.exit(f"these SAEs read no hidden states but {foreign[0]}")
        return -1 if any("resid_pre" in hook for hook in hooks) else 0


def find_blocks(model, path=None):
    """The blocks of a model, in their order."""
    for candidate in [path] if path else BLOCKS:
        with contextlib.suppress(AttributeError):
            return model.get_submodule(candidate)
    sys.exit(f"the blocks of the model were not found at {path or ', '.join(BLOCKS)}: name them with --blocks")


@contextlib.contextmanager
def spliced(blocks, source, target, replace, kept):
    """While this lasts, the output of block `target` is replaced by what `replace` makes of those of `source` and `target`.

    source: number of a block; -1 stands for the input of the first
    kept: [batch, tokens] bool, tokens for which nothing is replaced
    """
    seen = {}

    def see(hidden):
        seen["before"] = hidden

    def put(module, args, output):
        now = hidden_of(output)
        replaced = replace(seen["before"].float(), now.float()).to(now.dtype)
        hidden = torch.where(kept[..., None], now, replaced)
        return (hidden, *output[1:]) if isinstance(output, tuple) else hidden

    if source < 0:
        first = blocks[0].register_forward_pre_hook(
            lambda module, args, kwargs: see(args[0] if args else kwargs["hidden_states"]), with_kwargs=True
        )
    else:
        first = blocks[source].register_forward_hook(lambda module, args, output: see(hidden_of(output)))
    second = blocks[target].register_forward_hook(put)
    try:
        yield
    finally:
        first.remove()
        second.remove()


def hidden_of(output):
    return output[0] if isinstance(output, tuple) else output


@torch.no_grad()
def losses(model, tokens, kept):
    """Cross-entropy in nats of the token after each that is not kept. [tokens that count] float64"""
    logits = model(input_ids=tokens).logits[:, :-1].float()
    each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none")
    return each[~kept[:, :-1]].double()


def measure(model, blocks, splice, documents, source, target, names, *, offset=0, bos=None, permutation="composed"):
    """ΔL of each replacement: {name: [documents, 2], the sum over tokens of the difference, and the number of tokens}

    documents: [1, tokens] int64 each
    """
    replacements = {name: splice.replacement(name, source, target, permutation) for name in names}
    sums = {name: [] for name in names}
    for tokens in documents:
        kept = torch.zeros_like(tokens, dtype=torch.bool) if bos is None else tokens == bos
        base = losses(model, tokens, kept)
        for name, replace in replacements.items():
            with spliced(blocks, source + offset, target + offset, replace, kept):
                difference = losses(model, tokens, kept) - base
            sums[name].append((difference.sum().item(), difference.numel()))
    return {name: np.array(each).reshape(-1, 2) for name, each in sums.items()}


def summarise(sums, seed=0):
    """ΔL = Σ differences / Σ tokens, and its interval from drawing documents with replacement."""
    total, tokens = sums.sum(axis=0)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(RESAMPLES, len(sums)))
    again = sums[drawn].sum(axis=1)
    means = again[:, 0] / np.maximum(1, again[:, 1])
    low, high = np.quantile(means, [0.025, 0.975])
    figures = {"delta_loss": total / max(1, tokens), "low": low, "high": high}
    return {**{name: float(value) for name, value in figures.items()}, "tokens": int(tokens), "documents": len(sums)}


def read_documents(file, tokenizer, most_documents, most_tokens, device):
    """[1, tokens] int64 each, those of fewer than two tokens left out.

    tokenizer: called for one when there is a text
    """
    with open(file, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()][:most_documents]
    ids = [row["tokens"] if "tokens" in row else tokenizer()(row["text"])["input_ids"] for row in rows]
    return [torch.tensor([each[:most_tokens]], device=device) for each in ids if len(each[:most_tokens]) > 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("splice", help="folder of sae-match export --to splice")
    parser.add_argument("--model", required=True, help="name or folder of a causal language model of Hugging Face")
    parser.add_argument("--documents", required=True, help="JSON lines with `text` or `tokens`")
    parser.add_argument("--saes", help="folder of canonical SAEs, where the export has no weights")
    parser.add_argument("--skip", type=int, nargs="+", default=[1], help="how many layers to skip (default: 1)")
    parser.add_argument("--permutation", choices=["composed", "direct"], default="composed", help="over several layers")
    parser.add_argument("--max-documents", type=int, default=100)
    parser.add_argument("--max-tokens", type=int, default=1024, help="of a document (default: 1024)")
    parser.add_argument("--bos-token-id", type=int, help="default: that of the model's configuration")
    parser.add_argument("--blocks", help="path of the blocks in the model, such as model.layers")
    parser.add_argument("--layer-offset", type=int, help="block of layer 0; -1 where that is the embedding")
    parser.add_argument("--dtype", default="float32", help="of the model (default: float32)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    args = parser.parse_args()

    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(args.model).to(args.device, getattr(torch, args.dtype)).eval()
    blocks = find_blocks(model, args.blocks)
    bos = args.bos_token_id if args.bos_token_id is not None else model.config.bos_token_id
    tokenizer = functools.cache(lambda: AutoTokenizer.from_pretrained(args.model))
    documents = read_documents(args.documents, tokenizer, args.max_documents, args.max_tokens, args.device)
    if not documents:
        sys.exit(f"{args.documents} has no document of two tokens or more")
    splice = Splice(args.splice, args.saes, args.device)
    offset = splice.offset() if args.layer_offset is None else args.layer_offset
    rows = []
    for skipped in args.skip:
        for source in sorted(splice.layers):
            target = source + skipped
            if splice.carry(source, target, args.permutation) is None:
                continue
            how = {"offset": offset, "bos": bos, "permutation": args.permutation}
            names = CARRIED + BOUNDS
            sums = measure(model, blocks, splice, documents, source, target, names, **how)
            rows += [
                {"source_layer": source, "target_layer": target, "replacement": name, **summarise(each)}
                for name, each in sums.items()
            ]
    if not rows:
        sys.exit(f"{args.splice} has no two layers that are {' or '.join(map(str, args.skip))} apart")
    if args.json:
        print(json.dumps(rows, indent=2))
        return
    print("layers   replacement   ΔL (nats)   95 % interval")
    for row in rows:
        layers = f"{row['source_layer']}→{row['target_layer']}"
        interval = f"{row['low']:.4f} to {row['high']:.4f}"
        print(f"{layers:<8} {row['replacement']:<11} {row['delta_loss']:>11.4f}   {interval}")
    print(f"{rows[0]['documents']} documents, {rows[0]['tokens']} tokens")


if __name__ == "__main__":
    main()
