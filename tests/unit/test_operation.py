"""service/operation.py: which operation a request is for."""

from __future__ import annotations

import pytest

from service.operation import Operation, OperationTable, path_within

TABLE = OperationTable(
    [
        Operation("listThings", "GET", "/things"),
        Operation("addThing", "POST", "/things"),
        Operation("readOwn", "GET", "/things/own"),
        Operation("readThing", "GET", "/things/{thingId}"),
        Operation("dropThing", "DELETE", "/things/{thingId}"),
        Operation("readPart", "GET", "/things/{thingId}/parts/{partId}.json"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("GET", "/things", "listThings", {}),
        ("HEAD", "/things", "listThings", {}),
        ("POST", "/things", "addThing", {}),
        ("GET", "/things/own", "readOwn", {}),
        ("DELETE", "/things/own", None, {}),
        ("GET", "/things/4711", "readThing", {"thingId": "4711"}),
        ("DELETE", "/things/4711", "dropThing", {"thingId": "4711"}),
        ("GET", "/things/a/parts/b.json", "readPart", {"thingId": "a", "partId": "b"}),
        ("GET", "/things/a/parts/bxjson", None, {}),
        ("GET", "/things/", None, {}),
        ("GET", "/things/a/b", None, {}),
        ("GET", "/nowhere", None, {}),
        ("OPTIONS", "/things", None, {}),
    ],
)
def test_method_and_path_lead_to_one_operation(
    method: str, path: str, operation: str | None, parameters: dict[str, str]
) -> None:
    found, values = TABLE.find(method, path)
    assert (found and found.id) == operation
    assert values == parameters


def test_a_path_knows_its_methods() -> None:
    assert TABLE.allowed("/things") == ("GET", "HEAD", "POST")
    assert TABLE.allowed("/things/4711") == ("DELETE", "GET", "HEAD")
    assert TABLE.allowed("/nowhere") == ()
    assert TABLE.methods == ("DELETE", "GET", "POST")


@pytest.mark.parametrize(
    "second",
    [
        Operation("readThing", "GET", "/other"),
        Operation("other", "GET", "/things/{thingId}"),
        Operation("other", "GET", "/things/{id}"),
    ],
)
def test_two_operations_of_one_name_or_place_are_refused(second: Operation) -> None:
    with pytest.raises(ValueError, match="more than one operation"):
        OperationTable([Operation("readThing", "GET", "/things/{thingId}"), second])


@pytest.mark.parametrize(
    ("path", "root_path", "below"),
    [
        ("/api/auth/me", "/api", "/auth/me"),
        ("/api/auth/me", "/api/", "/auth/me"),
        ("/auth/me", "", "/auth/me"),
        ("/auth/me", "/api", "/auth/me"),
        ("/apiary/me", "/api", "/apiary/me"),
    ],
)
def test_paths_count_from_where_the_service_is_mounted(path: str, root_path: str, below: str) -> None:
    assert path_within(path, root_path) == below
