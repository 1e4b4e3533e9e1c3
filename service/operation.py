"""What the contracts say about an operation, and which operation a request is for.

The table is made once, when the service starts; service/contract/operations.py reads the documents for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol

from service.error_codes import ErrorCode
from service.errors import FieldError

Place = Literal["path", "query"]
RawHeaders = Sequence[tuple[bytes, bytes]]

# The value of a parameter, converted, and what is wrong with it. A value that something is wrong with is not to be used.
ReadText = Callable[[str], tuple[object, Sequence[FieldError]]]
CheckBody = Callable[[object], Sequence[FieldError]]

_NO_PARAMETERS: Final[Mapping[str, str]] = {}
_PARAMETER = re.compile(r"\{([^{}]+)\}")


class CheckResponse(Protocol):
    """Says what is wrong with a response, as "place: rule", and quotes no value. A `bodiless` one answers HEAD."""

    def __call__(self, status: int, headers: RawHeaders, body: bytes, *, bodiless: bool = False) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in path or query. `argument` is the handler's name for it; `default` stands in where none was sent."""

    name: str
    place: Place
    argument: str
    required: bool
    default: object
    read: ReadText


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a contract.

    `path` is the pattern: /auth/things/{thingId}. `codes` are the errors that it documents, and so may answer. `limits` are
    the rate limits that it counts for, in order. `check_body` is None where it takes no body; one may be left out where it is
    not `body_required`. `check_response` is None where responses are not checked.
    """

    id: str
    method: str
    path: str
    codes: frozenset[ErrorCode] = frozenset()
    limits: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    check_body: CheckBody | None = None
    body_required: bool = True
    check_response: CheckResponse | None = None


class Checked(NamedTuple):
    """What is known of a request after its checks. `body` is the JSON object that came, `user_id` the bearer token's user."""

    client_address: str
    body: Mapping[str, object] = {}
    parameters: Mapping[str, object] = {}
    user_id: str | None = None


class OperationTable:
    """Finds operations. Raises ValueError where two have the same id, or the same method and path."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations = tuple(operations)
        self._refuse_doubles()
        self._exact: dict[str, dict[str, Operation]] = {}
        self._patterns: dict[str, _Pattern] = {}
        for operation in self.operations:
            _with_head(self._methods_at(operation.path), operation)

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method that some operation has."""
        return tuple(sorted({operation.method for operation in self.operations}))

    def find(self, method: str, path: str) -> tuple[Operation | None, Mapping[str, str]]:
        """The operation, and the path parameters as they were sent. A path without parameters goes before one with them."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods.get(method), _NO_PARAMETERS
        pattern, values = self._match(path)
        return (pattern.methods.get(method), values) if pattern is not None else (None, _NO_PARAMETERS)

    def allowed(self, path: str) -> tuple[str, ...]:
        """The methods that a path has, for an Allow header; none where there is no such path."""
        methods = self._exact.get(path)
        if methods is None:
            pattern, _ = self._match(path)
            methods = pattern.methods if pattern is not None else {}
        return tuple(sorted(methods))

    def _match(self, path: str) -> tuple[_Pattern | None, Mapping[str, str]]:
        for pattern in self._patterns.values():
            if (matched := pattern.regex.fullmatch(path)) is not None:
                return pattern, dict(zip(pattern.names, matched.groups(), strict=True))
        return None, _NO_PARAMETERS

    def _methods_at(self, path: str) -> dict[str, Operation]:
        if "{" not in path:
            return self._exact.setdefault(path, {})
        return self._patterns.setdefault(_PARAMETER.sub("{}", path), _Pattern.of(path)).methods

    def _refuse_doubles(self) -> None:
        ids = [operation.id for operation in self.operations]
        places = [f"{operation.method} {_PARAMETER.sub('{}', operation.path)}" for operation in self.operations]
        for names in (ids, places):
            if doubles := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"the contracts have more than one operation {', '.join(doubles)}")


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: re.Pattern[str]
    names: tuple[str, ...]
    methods: dict[str, Operation]

    @classmethod
    def of(cls, path: str) -> _Pattern:
        literals, names = _PARAMETER.split(path)[::2], tuple(_PARAMETER.findall(path))
        return cls(re.compile("([^/]+)".join(map(re.escape, literals))), names, {})


def _with_head(methods: dict[str, Operation], operation: Operation) -> None:
    """Where there is GET, there is HEAD (RFC 9110 section 9.3.2)."""
    methods[operation.method] = operation
    if operation.method == "GET":
        methods.setdefault("HEAD", operation)


def path_within(path: str, root_path: str) -> str:
    """The path below where the service is mounted: ASGI's `path` begins with its `root_path`."""
    below = path.removeprefix(root_path.rstrip("/"))
    return below if below.startswith("/") else path
