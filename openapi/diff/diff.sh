#!/bin/sh
# What changed in the contract between two documents: `openapi/diff/diff.sh BASE REVISION`, each a file or `<git revision>:<path>`.
# Fails on what breaks clients. severities.txt is stricter than oasdiff: a removed error code, optional property or operationId
# breaks code that was generated from the contract, and a changed pattern may refuse what was accepted. In one thing it is less
# strict: an error code more breaks nobody who keeps to docs/versioning.md.
set -eu
here=$(dirname "$0")
exec "${VENV_BIN:-$here/../../.venv/bin}/oasdiff" changelog --color never --fail-on ERR \
    --severity-levels "$here/severities.txt" "$1" "$2"
