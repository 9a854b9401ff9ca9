# Sourced by the scripts (in bash) that use real servers: installs them. Not meant to be run by itself.

has() { command -v "$1" >/dev/null; }

# install_servers NAME...: as root with apt-get, those Debian packages whose programs are missing.
install_servers() {
    local name missing=()
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
        echo "Not installed, so what needs them is skipped: ${missing[*]}"
        return
    fi
    echo "Installing ${missing[*]} ..."
    apt_get update && apt_get install --no-install-recommends "${missing[@]}"
}

is_installed() {
    case $1 in
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb ;;
        libnginx-mod-nchan) compgen -G '/usr/lib*/nginx/modules/ngx_nchan_module.so' >/dev/null ;;
        nodejs) has node ;;
        libc6-dev) [ -f /usr/include/stdio.h ] ;;
        chromium) has chromium || has google-chrome ;;
        *) has "$1" ;;
    esac
}

# Its many lines matter only when it fails.
apt_get() {
    local output
    output=$(DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" 2>&1) || { echo "$output" >&2 && return 1; }
}
