#!/bin/sh
# What the tests need from the system: a browser, CJK fonts, PostgreSQL's server, Pango (orders as PDF). Installed where we may (Debian, root),
# else named in one line: the tests that need it then skip, or fail where GRIDCOMMAND_NO_SKIP is set.
missing=""
[ -x /usr/bin/chromium ] || missing="$missing chromium"
ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 || missing="$missing fonts-noto-cjk"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
for library in libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; do
    ls /usr/lib/*/"$(echo "$library" | sed 's/-0$//; s/subset0$/subset/')".so.0* >/dev/null 2>&1 || missing="$missing $library"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests:$missing …"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends $missing >/dev/null; then exit 0; fi
fi
echo "Missing for the tests:$missing (install as root: apt-get install$missing)" >&2
