#!/bin/sh
# Debian packages that some tests need: a PostgreSQL server for the round trips, and a browser for
# the sandbox's page. If root runs this and apt is available, they are installed. Otherwise a message
# says so, and the tests that need them are skipped with a reason. It never makes `make test` fail.
set -u

missing=""
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
    missing="$missing postgresql"
command -v chromedriver >/dev/null || missing="$missing chromium chromium-driver"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "apt-get install$missing"
    export DEBIAN_FRONTEND=noninteractive
    timeout 60 apt-get update -qq || true
    for package in $missing; do # one by one, since one of them may be missing
        # RUNLEVEL=1 keeps the package from starting a server: the tests start their own.
        RUNLEVEL=1 timeout 180 apt-get install -qq -y --no-install-recommends "$package" >/dev/null ||
            echo "WARNING: apt-get could not install $package; the tests that need it are skipped" >&2
    done
else
    echo "WARNING: not installed:$missing; the tests that need it are skipped" >&2
fi
exit 0
