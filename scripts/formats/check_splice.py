"""Splices planted matchings into small language models with examples/splice.py.

    python check_splice.py <fixtures> <examples> <main.js> <node> <scratch folder>

The SAEs reconstruct every hidden state exactly: their features are the coordinates and their negatives, in an order and at
scales that differ from layer to layer. So `sae-match` has to find the planted permutations, encoding and decoding has to cost
nothing, and carrying features with their scales has to be the same as to copy the hidden state. Uses random Llama and GPT-2
models, because their blocks have different names and return different things. The SAEs of the script are compared with what the
formats' own libraries compute.
"""

import contextlib
import copy
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TOLERANCE = 1e-6
WIDTH = 16
LAYERS = 5
BOS = 1
VOCABULARY = 50


def main(fixtures: Path, examples: Path, scratch: Path) -> int:
    # Models this small lose more to threads than they gain.
    torch.set_num_threads(1)
    hook = load(examples / 'splice.py')
    orders, scales = write_saes(scratch / 'saes')
    export(scratch)
    splice = hook.Splice(scratch / 'splice')
    check_planted(splice, orders, scales)
    worst = 0.0
    for model in (llama(), gpt2()):
        blocks = hook.find_blocks(model)
        for source, target in ((0, 1), (2, 3), (0, 2), (1, 4)):
            worst = max(worst, check_exact(hook, model, blocks, splice, source, target))
        worst = max(worst, check_bos(hook, model, blocks, splice))
        check_wrong(hook, model, blocks, splice)
    check_unmatched(hook)
    check_command(hook, scratch)
    same, refused = check_fixtures(hook, fixtures, scratch / 'fixtures')
    print(f'{same} SAEs of all formats compute what their libraries do, {refused} cannot be spliced')
    print(f'splicing planted matchings into two models: largest |ΔL| where it is 0: {worst:.1e}')
    return 0


def write_saes(folder: Path) -> tuple[list, list]:
    """Of each layer which coordinate and sign a feature stands for, and at which scale."""
    random = np.random.default_rng(7)
    orders, scales = [], []
    directions = np.concatenate([np.eye(WIDTH), -np.eye(WIDTH)])
    for layer in range(LAYERS):
        order = random.permutation(2 * WIDTH)
        # Powers of two: what is multiplied by one and divided again is the same number.
        scale = 2.0 ** random.integers(-2, 3, 2 * WIDTH)
        rows = directions[order]
        (folder / f'layer_{layer}').mkdir(parents=True)
        np.savez(
            folder / f'layer_{layer}' / 'params.npz',
            W_enc=(rows * scale[:, None]).T.astype(np.float32),
            b_enc=np.zeros(2 * WIDTH, np.float32),
            W_dec=(rows / scale[:, None]).astype(np.float32),
            b_dec=np.zeros(WIDTH, np.float32),
            # So small that no coordinate of a hidden state lies below it.
            threshold=(scale * 2.0**-40).astype(np.float32),
        )
        orders.append(order)
        scales.append(scale)
    return orders, scales


def export(scratch: Path) -> None:
    run('run', scratch / 'saes', '--out', scratch / 'out', '--run-id', 'planted', '--pairs', 'all')
    run(
        *('export', 'planted', '--out', scratch / 'out', '--to', 'splice'),
        *('--with-weights', '--output', scratch / 'splice'),
    )


def run(*args) -> str:
    done = subprocess.run([NODE, MAIN, *map(str, args)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f'sae-match {" ".join(map(str, args))} ended with {done.returncode}: {done.stderr}')
    return done.stdout


def run_all(commands: list) -> None:
    """Runs commands in one process: to start one takes longer than they do."""
    each = json.dumps([list(map(str, command)) for command in commands])
    code = f'''
const {{ runCommand }} = require({json.dumps(str(Path(MAIN).with_name('run-command.js')))});
(async () => {{
  for (const command of {each}) {{
    if ((await runCommand(command)) !== 0) process.exit(1);
  }}
}})();'''
    done = subprocess.run([NODE, '-e', code], capture_output=True, text=True, check=False)
    require(done.returncode == 0, done.stderr)


def load(file: Path):
    spec = importlib.util.spec_from_file_location('splice', file)
    module = importlib.util.module_from_spec(spec)
    sys.modules['splice'] = module
    spec.loader.exec_module(module)
    return module


def check_planted(splice, orders: list, scales: list) -> None:
    """What is exported is what was planted, also where it is composed."""
    for source in range(LAYERS):
        for target in range(source + 1, LAYERS):
            place = np.argsort(orders[target])
            planted = place[orders[source]]
            for permutation in ('composed', 'direct'):
                carried = splice.carry(source, target, permutation)
                require(np.array_equal(carried.permutation.numpy(), planted), f'{source}→{target} is not what was planted')
                factor = scales[target][planted] / scales[source]
                require(np.allclose(carried.factor.numpy(), factor, rtol=1e-6), f'factors of {source}→{target}')


def llama() -> LlamaForCausalLM:
    torch.manual_seed(1)
    sizes = {'hidden_size': WIDTH, 'intermediate_size': 32, 'num_hidden_layers': LAYERS, 'num_attention_heads': 2}
    config = LlamaConfig(vocab_size=VOCABULARY, bos_token_id=BOS, initializer_range=0.5, **sizes)
    return LlamaForCausalLM(config).eval()


def gpt2() -> GPT2LMHeadModel:
    torch.manual_seed(2)
    config = GPT2Config(
        n_embd=WIDTH, n_layer=LAYERS, n_head=2, vocab_size=VOCABULARY, bos_token_id=BOS, initializer_range=0.5
    )
    return GPT2LMHeadModel(config).eval()


def tokenizer() -> PreTrainedTokenizerFast:
    """One word a token, and BOS in front."""
    words = {'<s>': BOS, **{f'w{token}': token for token in range(VOCABULARY) if token != BOS}}
    tokens = Tokenizer(WordLevel(words, unk_token='w0'))
    tokens.pre_tokenizer = WhitespaceSplit()
    tokens.post_processor = TemplateProcessing(single='<s> $A', special_tokens=[('<s>', BOS)])
    return PreTrainedTokenizerFast(tokenizer_object=tokens, bos_token='<s>')


def documents(seed: int = 3, bos: bool = False) -> list:
    """Random token ids above that of BOS."""
    generator = torch.Generator().manual_seed(seed)
    texts = [torch.randint(BOS + 1, VOCABULARY, (1, 20 + 7 * index), generator=generator) for index in range(6)]
    return [torch.cat([torch.tensor([[BOS]]), text], dim=1) if bos else text for text in texts]


def check_exact(hook, model, blocks, splice, source: int, target: int) -> float:
    """Own reconstruction costs nothing, and whatever replaces a layer exactly costs what leaving that layer out does."""
    texts = documents()
    sums = hook.measure(model, blocks, splice, texts, source, target, hook.CARRIED + hook.BOUNDS, bos=BOS)
    found = {name: hook.summarise(each) for name, each in sums.items()}
    current = found['current']
    require(abs(current['delta_loss']) <= TOLERANCE, f'own reconstruction costs {current["delta_loss"]}')
    require(current['low'] <= 0 <= current['high'], 'the interval does not hold ΔL')
    left_out = loss_without(model, texts, range(source + 1, target + 1)) - loss_without(model, texts, range(0))
    require(abs(left_out) > 1e-3, 'leaving out layers changes nothing: the model tells nothing')
    for name in ('folded', 'previous', 'copy'):
        difference = abs(found[name]['delta_loss'] - left_out)
        require(difference <= TOLERANCE, f'{name} {source}→{target} is off by {difference}')
    # The scales differ from layer to layer, so activations as they are mean something else.
    require(abs(found['plain']['delta_loss'] - left_out) > 1e-3, 'plain decoding is as good as folded decoding')
    require(current['tokens'] == sum(text.shape[1] - 1 for text in texts), 'tokens were counted wrongly')
    return max(abs(current['delta_loss']), abs(found['folded']['delta_loss'] - left_out))


@torch.no_grad()
def loss_without(model, texts: list, layers: range) -> float:
    """Mean cross-entropy of the model with some of its blocks taken out."""
    smaller = copy.deepcopy(model)
    holder, name = (smaller.model, 'layers') if hasattr(smaller, 'model') else (smaller.transformer, 'h')
    kept = [block for index, block in enumerate(getattr(holder, name)) if index not in layers]
    setattr(holder, name, torch.nn.ModuleList(kept))
    smaller.config.num_hidden_layers = len(kept)
    each = []
    for text in texts:
        logits = smaller(input_ids=text, use_cache=False).logits[0, :-1].double()
        each.append(-logits.log_softmax(-1).gather(-1, text[0, 1:, None]))
    return torch.cat(each).mean().item()


def check_bos(hook, model, blocks, splice) -> float:
    """The state of BOS stays as it is, that of the others is copied, and what is predicted from BOS does not count."""
    texts = documents(bos=True)
    before, own = states(hook, model, blocks, texts[0])
    with hook.spliced(blocks, 2, 3, splice.replacement('folded', 2, 3), texts[0] == BOS):
        _, replaced = states(hook, model, blocks, texts[0])
    require(torch.equal(replaced[:, 0], own[:, 0]), 'the state of BOS was replaced')
    require(torch.equal(replaced[:, 1:], before[:, 1:]), 'carried features do not make the state that they are of')
    require(not torch.allclose(own[:, 1:], before[:, 1:]), 'the skipped layer does nothing')
    sums = hook.measure(model, blocks, splice, texts, 2, 3, ('folded', 'copy', 'current'), bos=BOS)
    require(int(sums['folded'][:, 1].sum()) == sum(text.shape[1] - 2 for text in texts), 'BOS was counted')
    folded, dropped, current = (hook.summarise(sums[name])['delta_loss'] for name in ('folded', 'copy', 'current'))
    require(abs(folded - dropped) <= TOLERANCE, 'folded decoding of planted features is not to copy')
    require(abs(current) <= TOLERANCE, 'own reconstruction costs something')
    return max(abs(current), abs(folded - dropped))


@torch.no_grad()
def states(hook, model, blocks, text) -> list:
    """What blocks 2 and 3 put out; after a splice, what it makes of that."""
    seen = {}
    ends = [
        blocks[index].register_forward_hook(
            lambda module, args, output, index=index: seen.update({index: hook.hidden_of(output).clone()})
        )
        for index in (2, 3)
    ]
    model(input_ids=text)
    for end in ends:
        end.remove()
    return [seen[2], seen[3]]


def check_wrong(hook, model, blocks, splice) -> None:
    """A permutation that is taken the wrong way round shows: by it the state is another, and so is ΔL."""
    scatter = hook.Carry.permute

    def gather(self, f, decoding):
        return (f * self.factor)[..., self.permutation]

    texts = documents()
    right = hook.summarise(hook.measure(model, blocks, splice, texts, 2, 3, ['folded'])['folded'])
    hook.Carry.permute = gather
    try:
        wrong = hook.summarise(hook.measure(model, blocks, splice, texts, 2, 3, ['folded'])['folded'])
        try:
            check_exact(hook, model, blocks, splice, 2, 3)
            missed = True
        except AssertionError:
            missed = False
    finally:
        hook.Carry.permute = scatter
    require(not missed, 'a gather in place of the scatter went unnoticed')
    require(abs(wrong['delta_loss'] - right['delta_loss']) > 1e-3, 'a gather in place of the scatter changes nothing')


def check_unmatched(hook) -> None:
    """Unmatched features are carried nowhere, by any way."""
    first = hook.Carry(torch.tensor([2, -1, 0]), torch.tensor([2.0, 0.0, 3.0]), 4)
    second = hook.Carry(torch.tensor([1, 0, -1, 2]), torch.tensor([5.0, 7.0, 0.0, 1.0]), 3)
    both = first.then(second)
    require(both.permutation.tolist() == [-1, -1, 1], 'composition')
    require(both.factor.tolist() == [0, 0, 15], 'factors of a composition')
    f = torch.tensor([[1.0, 2.0, 4.0]])
    require(first.permute(f, 'plain').tolist() == [[4, 0, 1, 0]], 'plain')
    require(first.permute(f, 'folded').tolist() == [[12, 0, 2, 0]], 'folded')
    require(both.permute(f, 'folded').tolist() == second.permute(first.permute(f, 'folded'), 'folded').tolist(), 'steps')


def check_command(hook, scratch: Path) -> None:
    """The script itself, on a model from a folder, with SAEs that were converted apart."""
    llama().save_pretrained(scratch / 'model')
    tokenizer().save_pretrained(scratch / 'model')
    tokens = [json.dumps({'tokens': text[0].tolist()}) for text in documents(bos=True)]
    (scratch / 'tokens.jsonl').write_text('\n'.join(tokens))
    texts = [json.dumps({'text': ' '.join(f'w{token}' for token in text[0].tolist())}) for text in documents()]
    (scratch / 'texts.jsonl').write_text('\n'.join(texts))
    run('convert', scratch / 'saes', '--to', 'canonical', '--out', scratch / 'canonical')
    run('export', 'planted', '--out', scratch / 'out', '--to', 'splice', '--output', scratch / 'light')
    both = []
    for place, file in (
        ([scratch / 'splice'], 'tokens.jsonl'),
        ([scratch / 'light', '--saes', scratch / 'canonical'], 'texts.jsonl'),
    ):
        command = [*place, '--model', scratch / 'model', '--documents', scratch / file, '--skip', '1', '2']
        # In this process, because to load the libraries takes longer than all the rest.
        sys.argv = ['splice.py', *map(str, command), '--json']
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            hook.main()
        both.append(json.loads(printed.getvalue()))
    require(both[0] == both[1], 'SAEs of the export and converted ones, or tokens and texts, give different figures')
    # Four pairs one layer apart, three two layers apart, five replacements each.
    require(len(both[0]) == 35, f'{len(both[0])} rows')
    for row in both[0]:
        if row['replacement'] == 'current':
            require(abs(row['delta_loss']) <= TOLERANCE, 'own reconstruction costs something')
        require(row['low'] <= row['delta_loss'] <= row['high'], 'an interval does not hold its figure')
    names = load_file(scratch / 'light' / 'permutations.safetensors').keys()
    require(len(names) == LAYERS * (LAYERS - 1), 'not two tensors a pair')


def check_fixtures(hook, fixtures: Path, scratch: Path) -> tuple[int, int]:
    """How many SAEs of the fixtures compute the same as in their own libraries, and how many are refused."""
    cases = [
        (file.with_suffix('') / expected['path'], expected, scratch / f'{file.stem}-{index}')
        for file in sorted(fixtures.glob('*.json'))
        for index, expected in enumerate(json.loads(file.read_text())['saes'])
        if 'joint' not in expected
    ]
    run_all([['convert', place, '--to', 'canonical', '--out', out] for place, _, out in cases])
    same, refused = 0, 0
    for place, expected, out in cases:
        try:
            sae = hook.Sae(out / 'sae.safetensors')
        except SystemExit as end:
            require('that can be spliced' in str(end), str(end))
            refused += 1
            continue
        wanted = torch.tensor(expected['output'])
        found = sae.decode(sae.encode(torch.tensor(expected['input'])))
        worst = ((found - wanted).abs() / wanted.abs().clamp(min=1)).max().item()
        require(worst <= 1e-5, f'{place} is off by {worst}')
        same += 1
    require(same > 20, f'only {same} SAEs were compared')
    return same, refused


def require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)


if __name__ == '__main__':
    MAIN, NODE = sys.argv[3], sys.argv[4]
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[5])))
