"""The bench's own programs in C, compiled when they are first needed."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


class Missing(Exception):
    """Something that this machine lacks, and without which a part can't be measured."""


@cache
def compiled(source: str) -> Path:
    """The program that is made from this file of bench/. Raises Missing, or CalledProcessError."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Missing("cc is not installed")
    program = folder() / Path(source).stem
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program), str(HERE / source)]
    subprocess.run(command, check=True)
    return program


@cache
def folder() -> Path:
    made = tempfile.TemporaryDirectory(prefix="rill-bench-")
    atexit.register(made.cleanup)
    return Path(made.name)
