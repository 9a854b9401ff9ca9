"""axe-core, in each state."""

import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

VERSION = "4.14.1"
RUN = """async () => (await axe.run()).violations.map(({id, impact, nodes}) =>
  `${impact}: ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' +
    (node.any[0]?.message ?? '')).join(' | ')}`)"""


@cache
def script() -> str:
    """axe-core as npm has it. It isn't vendored, because nobody but us runs it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"axe-core@{VERSION}"]
        subprocess.run(command, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member
            return member.read().decode()


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    page.evaluate(script())
    found: list[str] = page.evaluate(RUN)
    return found
