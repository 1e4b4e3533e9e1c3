#!/bin/sh
# tools/stale.sh VENV: forgets what an earlier `make` installed and what is whole no longer, so that this one makes it anew; says
# in one line why. A Python that was upgraded away, a folder that was moved or copied, an install that somebody interrupted.
venv=$1
stamps=$venv/stamps
[ -d "$stamps" ] || exit 0

# What the programs in the environment are run by: `#!`, or `exec` in the second line where that path would be too long for it.
interpreter() {
    sed -n -e '1s|^#!\(.*/bin/python[0-9.]*\).*$|\1|p' -e "2s|^'''exec' \"*\\([^\"]*/bin/python[0-9.]*\\)\"* .*\$|\\1|p" "$venv/bin/pip" 2>/dev/null
}

if [ -e "$stamps/venv" ]; then
    found=$(interpreter)
    if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
        rm -rf "$stamps"
        echo "The Python of $venv is gone or another one: making it anew"
    elif [ -n "$found" ] && ! [ "$(dirname "$found")" -ef "$venv/bin" ]; then
        rm -rf "$stamps"
        echo "$venv was made in another folder: making it anew"
    fi
fi

# npm writes this list last.
for pair in node:local lint:openapi/lint ui:openapi/ui client:clients/typescript web:examples/web generators:clients/generators; do
    stamp=$stamps/${pair%%:*} folder=${pair#*:}
    if [ -e "$stamp" ] && ! [ -e "$folder/node_modules/.package-lock.json" ]; then
        rm -f "$stamp"
        echo "$folder/node_modules is not whole: installing it again"
    fi
done
