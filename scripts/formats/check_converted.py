"""Converts the fixtures to SAELens, loads them with sae-lens, and compares what it computes with the expectations.

    python check_converted.py <fixtures> <main.js> <node> <scratch folder>

SAEs that SAELens cannot express must be refused. Ends with 1 when anything differs by more than 1e-5.
"""

import json
import subprocess
import sys
from pathlib import Path

import torch
from sae_lens import SAE, Transcoder

TOLERANCE = 1e-5
FOLD = ['--fold', '--degenerate', 'error']
REFUSED = 'SAELens has no such SAE'


def convert(sae: Path, out: Path, fold: bool) -> str | None:
    """The reason where it is refused."""
    program = [NODE, MAIN, 'convert', str(sae), '--to', 'saelens', '--out', str(out), *(FOLD if fold else [])]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def worst(folder: Path, expected: dict) -> float:
    config = json.loads((folder / 'cfg.json').read_text())
    kind = Transcoder if 'transcoder' in config['architecture'] else SAE
    sae = kind.load_from_disk(str(folder), device='cpu')
    with torch.no_grad():
        output = sae(torch.tensor(expected['input']))
    wanted = torch.tensor(expected['output'])
    return float(((output - wanted).abs() / wanted.abs().clamp(min=1)).max())


def main(fixtures: Path, scratch: Path) -> int:
    counts = {'same': 0, 'refused': 0, 'failed': 0}
    largest = 0.0
    for file in sorted(fixtures.glob('*.json')):
        for index, expected in enumerate(json.loads(file.read_text())['saes']):
            if 'joint' in expected:
                continue
            for fold in (False, True):
                out = scratch / file.stem / f'{index}-{fold}'
                reason = convert(file.with_suffix('') / expected['path'], out, fold)
                if reason is not None and (REFUSED in reason or 'cannot fold' in reason):
                    counts['refused'] += 1
                    continue
                difference = worst(out, expected) if reason is None else float('inf')
                largest = max(largest, difference)
                counts['same' if difference <= TOLERANCE else 'failed'] += 1
                if difference > TOLERANCE:
                    print(f'{file.stem}/{expected["path"]}, folded: {fold}: {reason or difference}')
    print(f'{counts["same"]} the same in sae-lens (largest difference {largest:.1e}),', end=' ')
    print(f'{counts["refused"]} refused, {counts["failed"]} failed')
    return 1 if counts['failed'] else 0


if __name__ == '__main__':
    MAIN, NODE = sys.argv[2:4]
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[4])))
