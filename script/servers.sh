# Installs the servers that the bash scripts use. Sourced by them; don't run it by itself.

has() { command -v "$1" >/dev/null; }

# install_servers NAME...: install the Debian packages whose programs are missing. Needs root and apt-get.
install_servers() {
    local name missing=()
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if ! can_install; then
        echo "Not installed: ${missing[*]}. What needs them is skipped. To install them, run this as root with apt-get."
        return
    fi
    echo "Installing ${missing[*]} ..."
    apt_get update && apt_get install --no-install-recommends "${missing[@]}"
}

# The browser of the tests. Debian's headless shell opens a page in a third of the time that the whole Chromium needs.
install_browser() {
    local shell=chromium-headless-shell
    has "$shell" && return
    if can_install && apt_get update && apt_get install --no-install-recommends "$shell"; then return; fi
    install_servers chromium
}

can_install() { [ "$(id -u)" -eq 0 ] && has apt-get; }

is_installed() {
    case $1 in
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || has initdb ;;
        libnginx-mod-nchan) compgen -G '/usr/lib*/nginx/modules/ngx_nchan_module.so' >/dev/null ;;
        nodejs) has node ;;
        systemd) has systemd-analyze ;;
        libc6-dev) [ -f /usr/include/stdio.h ] ;;
        chromium) has chromium || has google-chrome ;;
        *) has "$1" ;;
    esac
}

# Shows apt-get's output only when it fails.
apt_get() {
    local output
    output=$(DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" 2>&1) || { echo "$output" >&2 && return 1; }
}
