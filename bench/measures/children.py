"""Runs a measuring program in a process of its own."""

import json
import subprocess
import sys
from typing import Any

from bench.cores import SERVER, pinned
from tests.support.databases import ROOT, clean_environment


def measured(program: str, *arguments: object, database_url: str, **environment: str) -> Any:
    """Run bench.measures.PROGRAM on the server's core and return what it prints, decoded from JSON."""
    settings = {"DJANGO_SETTINGS_MODULE": "bench.measures.settings"}
    command = pinned([sys.executable, "-m", f"bench.measures.{program}", *map(str, arguments)], SERVER)
    variables = clean_environment(database_url) | settings | environment
    done = subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)
