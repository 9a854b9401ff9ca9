# Sourced by the other scripts, which have set `root`: gets .venv ready. Not meant to be run by itself.

venv_python="$root/.venv/bin/python"

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# The first Python that is new enough. Each is tried by running it: a name can exist, and stand for nothing.
find_python() {
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    fail "Rill needs Python 3.11 or newer, and found none as python3, python3.13, python3.12 or python3.11."
}

make_venv() {
    python=$(find_python) || exit 1
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Rill needs Python's venv module, which $python lacks. On Debian and Ubuntu: apt install python3-venv"
    # --clear, because what is there may be the half of an interrupted start.
    "$python" -m venv --clear "$root/.venv" || fail "The virtual environment $root/.venv can't be made."
}

# digest FILE...: one sum over the files' contents. By Python, because not every system has sha256sum.
digest() {
    "$venv_python" - "$@" <<'PYTHON'
import hashlib, pathlib, sys
print(hashlib.sha256(b"\0".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest())
PYTHON
}

# install STAMP REQUIREMENTS...: install the first file, unless these files are what the stamp says was installed.
install() {
    stamp="$root/.venv/$1"
    shift
    if [ -f "$stamp" ] && [ "$(digest "$@" 2>/dev/null)" = "$(cat "$stamp")" ]; then
        return
    fi
    "$venv_python" -m pip --version >/dev/null 2>&1 || make_venv
    echo "Installing what $(basename "$1") names (only now, and when it changes) ..."
    "$venv_python" -m pip install -qq --disable-pip-version-check --no-input -r "$1" ||
        fail "pip couldn't install what $(basename "$1") names; its own words are above."
    digest "$@" >"$stamp"
}
