# Prepares .venv-django6, where tests/adopters run on Django 6.0. Sourced by script/test after setup.sh.

# Print the first Python that Django 6.0 and the feed run on. That of pyenv may not be in PATH.
find_python_for_django6() {
    local python
    for python in python3.13 python3.12 python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[32].*/bin/python; do
        if "$python" -c 'import sys, venv; sys.exit(not (3, 12) <= sys.version_info < (3, 14))' 2>/dev/null; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

install_django6() {
    local folder="$root/.venv-django6" wanted python
    wanted=$(digest "$root/requirements-django6.txt" "$root/constraints.txt")
    if [ -f "$folder/stamp" ] && [ "$(cat "$folder/stamp")" = "$wanted" ] && "$folder/bin/python" -c ''; then
        return
    fi
    if ! python=$(find_python_for_django6); then
        echo "Found neither Python 3.12 nor 3.13, so nothing is tested on Django 6.0."
        return
    fi
    echo "Installing requirements-django6.txt (only now, and when it changes) ..."
    "$python" -m venv --clear --without-pip "$folder"
    "$venv_python" -m pip --python "$folder/bin/python" install -qq --no-compile --disable-pip-version-check \
        --no-input -r "$root/requirements-django6.txt" || fail "pip couldn't install requirements-django6.txt; the reason is above."
    printf '%s\n' "$wanted" >"$folder/stamp"
}
