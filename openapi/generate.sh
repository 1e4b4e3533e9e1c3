#!/bin/sh
# Writes the models of a contract: `openapi/generate.sh CONTRACT OUTPUT`.
set -eu
PATH="${VENV_BIN:-.venv/bin}:$PATH"
# Strings keep their pattern, but an e-mail address stays a str: the contract's pattern says what is accepted, and pydantic's
# EmailStr would refuse more than that.
datamodel-codegen --input "$1" --input-file-type openapi --output "$2" \
    --output-model-type pydantic_v2.BaseModel --base-class service.deferred_model.DeferredModel --target-python-version 3.11 --disable-timestamp \
    --use-annotated --snake-case-field --allow-population-by-field-name --strict-nullable --use-schema-description \
    --use-standard-collections --use-union-operator --enum-field-as-literal all --collapse-root-models \
    --type-mappings string+email=string --disable-warnings \
    --custom-file-header '"""Generated from openapi/auth.yaml by `make generate`. Do not edit."""'
# What cannot be fixed stays as the generator wrote it; a ruff that fails is an error all the same.
ruff check --quiet --fix --exit-zero --select I,F401,UP --ignore-noqa "$2"
ruff format --quiet "$2"
