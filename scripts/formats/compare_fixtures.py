"""Compares fixtures that were written anew with those that are checked in.

    python compare_fixtures.py <checked in> <anew>

Files of weights have to be the same bytes, expectations the same numbers up to the last digits of float32.
"""

import json
import sys
from pathlib import Path

# torch names the storages of a legacy file after addresses in memory.
NEVER_THE_SAME = {'legacy.pt'}
OURS = {'.py', '.txt'}
TOLERANCE = 1e-5


def same(a, b) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return abs(a - b) <= TOLERANCE * max(1, abs(a))
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def main(kept: Path, anew: Path) -> int:
    differing = []
    count = 0
    for folder in ('formats', 'torch'):
        files = {path.relative_to(kept) for path in (kept / folder).rglob('*') if path.is_file()}
        files |= {path.relative_to(anew) for path in (anew / folder).rglob('*') if path.is_file()}
        for path in sorted(files):
            if path.suffix in OURS or path.name in NEVER_THE_SAME:
                continue
            count += 1
            a, b = kept / path, anew / path
            if not a.exists() or not b.exists():
                differing.append(f'{path}: only one of both')
            elif path.suffix == '.json':
                if not same(json.loads(a.read_text()), json.loads(b.read_text())):
                    differing.append(f'{path}: other numbers')
            elif a.read_bytes() != b.read_bytes():
                differing.append(f'{path}: other bytes')
    print(f'{count} files compared, {len(differing)} differ', *differing, sep='\n')
    return 1 if differing else 0


if __name__ == '__main__':
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
