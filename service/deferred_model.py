"""What the models of the contract have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class DeferredModel(BaseModel):
    """A model whose validator is compiled when it is first used: all of them take a sixteenth of a second, at each start."""

    model_config = ConfigDict(defer_build=True)
