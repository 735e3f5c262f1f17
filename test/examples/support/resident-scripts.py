"""Runs Python scripts one after the other; see resident-python.ts.

Reads {"args": [script, ...], "cwd": folder} from each line of standard input and answers each with a line
{"code", "stdout", "stderr"}. A script runs as `python script ...` would run it, but with its libraries loaded already.
"""

import contextlib
import io
import json
import os
import runpy
import sys
import traceback


def run(args, cwd):
    out, err = io.StringIO(), io.StringIO()
    os.chdir(cwd)
    sys.argv = args
    sys.path[0] = os.path.dirname(args[0])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = exit_code(args[0])
    return {"code": code, "stdout": out.getvalue(), "stderr": err.getvalue()}


def exit_code(script):
    try:
        runpy.run_path(script, run_name="__main__")
        return 0
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        return 1


for line in sys.stdin:
    print(json.dumps(run(**json.loads(line))), flush=True)
