"""The program under test."""

import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

from .processes import identity

TREE = pathlib.Path(__file__).resolve().parents[3]


def built():
    """$HOLDFAST, or the release build of this tree."""
    path = pathlib.Path(os.environ.get("HOLDFAST", TREE / "build/release/bin/holdfast")).resolve()
    assert path.exists(), f"{path} is not there: build it, or set HOLDFAST"
    return path


@functools.cache
def holdfast():
    """A copy where the user of the servers can reach it: the tree may lie in root's home."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bin-", dir="/tmp"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    directory.chmod(0o755)
    return str(shutil.copy(built(), directory / "holdfast"))


def run(*words, program=None, within=60, check=False, stdin="", environment=None, directory="/"):
    """Runs it to its end, as the user of the servers. The result has stdout, stderr and returncode."""
    done = subprocess.run([program or holdfast(), *map(str, words)], capture_output=True, text=True, timeout=within,
                          input=stdin, cwd=directory, env={**os.environ, **(environment or {})}, **identity())
    if check:
        assert done.returncode == 0, f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done
