"""Finds the handler of each operation: a coroutine that is named like the operationId, in one of the objects given."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping

from service.contract.parameters import snake_case
from service.operation import OperationTable
from service.reply import Reply

Handler = Callable[..., Awaitable[Reply]]


def find_handlers(table: OperationTable, objects: Iterable[object]) -> Mapping[str, Handler]:
    """The handlers by operationId. Raises ValueError for an operation without one, and for one without an operation."""
    found: dict[str, Handler] = {}
    for owner in objects:
        for name, handler in inspect.getmembers(owner, inspect.iscoroutinefunction):
            if not name.startswith("_"):
                if name in found:
                    raise ValueError(f"{name} is a handler of two capabilities")
                found[name] = handler
    wanted = {snake_case(operation.id): operation.id for operation in table.operations}
    if missing := sorted(wanted.keys() - found.keys()):
        raise ValueError(f"no handler is called {', '.join(missing)}, as an operation of the contract asks")
    if idle := sorted(found.keys() - wanted.keys()):
        raise ValueError(f"the contract has no operation for the handler {', '.join(idle)}")
    return {operation_id: found[name] for name, operation_id in wanted.items()}
