# Prepares .venv. Sourced by the other scripts, which set `root` before; don't run it by itself.

venv_python="$root/.venv/bin/python"

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Print the first Python that is new enough. Each candidate is run, because a command can exist and not work.
find_python() {
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    fail "Rill needs Python 3.11 or newer. Found none as python3, python3.13, python3.12 or python3.11: install one."
}

make_venv() {
    python=$(find_python) || exit 1
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no venv module. On Debian and Ubuntu: apt install python3-venv"
    # --clear, because an interrupted start may have left half an environment.
    "$python" -m venv --clear "$root/.venv" ||
        fail "The virtual environment $root/.venv can't be created; the reason is above."
}

# digest FILE...: print one checksum of all files. Uses Python, because not every system has sha256sum.
digest() {
    "$venv_python" - "$@" <<'PYTHON'
import hashlib, pathlib, sys
print(hashlib.sha256(b"\0".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest())
PYTHON
}

# install STAMP REQUIREMENTS...: install the first file, unless the stamp has the checksum of all these files.
install() {
    stamp="$root/.venv/$1"
    shift
    if [ -f "$stamp" ] && [ "$(digest "$@" 2>/dev/null)" = "$(cat "$stamp")" ]; then
        return
    fi
    "$venv_python" -m pip --version >/dev/null 2>&1 || make_venv
    echo "Installing $(basename "$1") (only now, and when it changes) ..."
    "$venv_python" -m pip install -qq --disable-pip-version-check --no-input -r "$1" ||
        fail "pip couldn't install $(basename "$1"); the reason is above."
    digest "$@" >"$stamp"
}
