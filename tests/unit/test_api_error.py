"""service/errors.py: an error of the contract as a response."""

from service.error_codes import ErrorCode
from service.errors import ApiError, FieldError, invalid_fields, invalid_request


def test_an_error_may_set_several_cookies() -> None:
    error = ApiError(ErrorCode.auth_refresh_invalid, cookies=["a=1; HttpOnly", "b=; Max-Age=0"])
    headers = error.raw_headers(error.body())
    assert [value for name, value in headers if name == b"set-cookie"] == [b"a=1; HttpOnly", b"b=; Max-Age=0"]
    assert dict(headers)[b"www-authenticate"].startswith(b"Bearer ")
    assert dict(headers)[b"content-length"] == str(len(error.body())).encode()


def test_field_errors_are_sorted_and_bounded() -> None:
    error = invalid_fields(FieldError(f"/{number:03}", "is required", "required") for number in reversed(range(50)))
    places = error.details["errors"]
    assert isinstance(places, list)
    assert [place["path"] for place in places] == [f"/{number:03}" for number in range(20)]


def test_what_is_no_request_names_no_place() -> None:
    assert invalid_request("", "is not HTTP/1.1").details == {
        "errors": [{"path": "", "message": "is not HTTP/1.1", "rule": "malformed"}]
    }
