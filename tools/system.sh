#!/bin/sh
# Debian packages that some tests want: a PostgreSQL server for the round trips, and a browser for
# the sandbox's page. Root with apt gets them installed. Anybody else is told, and the tests that
# need them skip, with the reason in pytest's summary. Never a failure: `make test` goes on.
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
    for package in $missing; do # one by one: the lack of one is no reason to go without the other
        # RUNLEVEL=1: the server that the package would start is not wanted, the tests start theirs.
        RUNLEVEL=1 timeout 180 apt-get install -qq -y --no-install-recommends "$package" >/dev/null ||
            echo "WARNING: apt-get could not install $package; the tests that need it are skipped" >&2
    done
else
    echo "WARNING: not installed:$missing; the tests that need it are skipped" >&2
fi
exit 0
