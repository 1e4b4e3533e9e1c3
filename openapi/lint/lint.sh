#!/bin/sh
# Lints both contracts: `openapi/lint/lint.sh [FOLDER]`, with the folder of the contracts; a warning or a hint fails it.
set -eu
cd "$(dirname "$0")"
PATH="${VENV_BIN:-$PWD/../../.venv/bin}:$PATH"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true NO_COLOR=1
contracts=${1:-..}
node_modules/.bin/spectral lint --quiet --ruleset spectral.yaml --fail-severity=hint "$contracts/auth.yaml" "$contracts/ops.yaml"
# What Redocly says goes to stderr whether all is well or not.
said=$(node_modules/.bin/redocly lint --config redocly.yaml "$contracts/auth.yaml" "$contracts/ops.yaml" 2>&1) || {
    echo "$said"
    exit 1
}
