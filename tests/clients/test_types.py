"""The types of the JavaScript client."""

import hashlib
import json
import re
import shutil
import subprocess

import feed
from tests.clients.programs import NotInstalled, node
from tests.conftest import missing
from tests.support.databases import ROOT

CLIENT = ROOT / "clients" / "javascript"
OPTIONS = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"]


def typescript() -> str:
    """The compiler that package-lock.json pins, installed once."""
    npm = shutil.which("npm") or missing("npm is not installed")
    stamp = CLIENT / "node_modules" / ".installed"
    wanted = hashlib.sha256((CLIENT / "package-lock.json").read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted):
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=False)
        if done.returncode:
            missing(f"npm ci failed: {done.stderr}")
        stamp.write_text(wanted)
    return str(CLIENT / "node_modules" / "typescript" / "bin" / "tsc")


def test_the_types_accept_what_is_meant_and_nothing_else() -> None:
    command = [shutil.which("node") or missing("node is not installed"), typescript(), *OPTIONS]
    done = subprocess.run(
        [*command, ROOT / "tests" / "clients" / "types.mts"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


SHOW = """
import * as all from "./rill.js";
const methods = (made) => Object.getOwnPropertyNames(Object.getPrototypeOf(made));
const rill = new all.Rill("http://localhost", { WebSocket: class {} });
console.log(JSON.stringify([Object.keys(all), methods(rill), methods(rill.follow())]));
"""


def test_the_types_name_what_there_is() -> None:
    """By name: a class or method that is only in one of the two files."""
    try:
        command = [*node(), "--input-type", "module", "--eval", SHOW]
    except NotInstalled as error:
        missing(str(error))
    exported, of_rill, of_following = json.loads(subprocess.check_output(command, cwd=CLIENT))
    types = (CLIENT / "rill.d.ts").read_text()
    assert set(re.findall(r"export class (\w+)", types)) == set(exported)
    assert methods_in("export class Rill", types) <= set(of_rill)
    assert methods_in("export interface Following", types) <= set(of_following)


def methods_in(declaration: str, types: str) -> set[str]:
    body = types.split(f"{declaration} ")[1].partition("\n}\n")[0]
    return set(re.findall(r"^  (\w+)\(", body, re.MULTILINE)) - {"constructor"}


def test_the_versions_are_the_same() -> None:
    package, lock = (json.loads((CLIENT / name).read_text()) for name in ("package.json", "package-lock.json"))
    assert package["version"] == lock["version"] == feed.__version__
