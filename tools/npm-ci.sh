#!/bin/sh
# tools/npm-ci.sh FOLDER: installs what FOLDER/package-lock.json lists. Silent when that works; when not, npm's own words and
# what may help.
cd "$1" || exit 1
log=$(mktemp "${TMPDIR:-/tmp}/npm-ci.XXXXXX") || exit 1
trap 'rm -f "$log"' EXIT

# NODE_ENV=production would leave out what builds and checks.
if npm ci --ignore-scripts --include=dev --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retries=1 \
    --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 >"$log" 2>&1; then
    exit 0
fi
status=$?

{
    echo "npm could not install $1:"
    sed 's|//[^/@ ]*@|//***@|g' "$log"
    [ -s "$log" ] || echo "(npm said nothing, and ended with status $status)"
    registry=$(npm config get registry 2>/dev/null | sed 's|//[^/@]*@|//|')
    if grep -qE 'EACCES|EROFS|EPERM' "$log"; then
        echo "What may help: make the folder that npm names writable, or set npm_config_cache to one that is."
    elif grep -qE 'ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|E40[134]|E50[0-9]|network' "$log"; then
        echo "What may help: npm asks ${registry:-its registry}; where that cannot be reached, set npm_config_registry or HTTPS_PROXY."
    elif grep -qE 'CERT|SELF_SIGNED|UNABLE_TO' "$log"; then
        echo "What may help: set NODE_EXTRA_CA_CERTS to the certificate of your company's proxy."
    elif grep -qE 'ENOSPC' "$log"; then
        echo "What may help: the disk is full."
    elif grep -qE 'EUSAGE' "$log"; then
        echo "What may help: package.json and package-lock.json disagree; take both as the repository has them."
    else
        echo "What may help: the lines above name it; \`make clean\` starts from nothing."
    fi
} >&2
exit 1
