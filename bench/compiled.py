"""Compiles the C programs of the bench when they are first needed."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


class Missing(Exception):
    """This machine lacks something that a measure needs."""


@cache
def compiled(source: str) -> Path:
    """Compile this file of bench/ and return the path of the program. Raises Missing or CalledProcessError."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Missing("cc is not installed. On Debian: apt install gcc libc6-dev.")
    program = folder() / Path(source).stem
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(program), str(HERE / source)]
    subprocess.run(command, check=True)
    return program


@cache
def folder() -> Path:
    made = tempfile.TemporaryDirectory(prefix="rill-bench-")
    atexit.register(made.cleanup)
    return Path(made.name)
