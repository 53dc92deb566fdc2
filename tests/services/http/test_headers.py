"""A request's headers answer as Starlette's do."""

from starlette import datastructures

from services.http.headers import Headers

RAW = [(b"host", b"here"), (b"x-name", b"first"), (b"x-name", b"last"), (b"x-odd", b"\xe9")]


def test_lookups_are_starlettes():
    ours, theirs = Headers({"headers": RAW}), datastructures.Headers(raw=RAW)

    for name in ("Host", "x-name", "X-NAME", "x-odd", "x-none"):
        assert ours.get(name) == theirs.get(name)
        assert ours.get(name, "none") == theirs.get(name, "none")
        assert (name in ours) == (name in theirs)
    assert ours["X-Name"] == "first"
    assert ours.items() == theirs.items()
