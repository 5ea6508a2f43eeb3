#!/bin/sh
# Installs the Debian packages that are missing: tools/deps.sh SET...
#
# Called by the Makefile before anything else, so that a fresh machine needs nothing but make.
# Says what it installs; does nothing, quickly, when all is there. Needs root or sudo only when
# something is missing. On systems without dpkg it trusts that the tools are there.
set -eu

packages() {
    case $1 in
    build) echo "gcc libc6-dev binutils meson ninja-build pkg-config libssl-dev libc-ares-dev
                 libyaml-dev zlib1g-dev libzstd-dev libhiredis-dev libpcre2-dev" ;;
    test) echo "g++ libcmocka-dev python3 python3-venv openssl redis-server" ;;
    bench) echo "nginx-light strace libjansson-dev libjson-c-dev libcjson-dev libfastjson-dev
                 libyajl-dev" ;;
    fuzz) echo "clang libclang-rt-14-dev" ;;
    lint) echo "clang-format clang-tidy" ;;
    *)
        echo "deps.sh: unknown set '$1': build, test, bench, fuzz or lint" >&2
        exit 2
        ;;
    esac
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "deps.sh: run as root: $*" >&2
        exit 1
    fi
}

install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

missing=
for set in "$@"; do
    for package in $(packages "$set"); do
        command -v dpkg-query >/dev/null || exit 0
        is_installed "$package" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

echo "installing Debian packages:$missing"
# shellcheck disable=SC2086 # a list of names
if ! install_packages $missing 2>/dev/null; then
    as_root apt-get update -qq
    install_packages $missing
fi
