"""A stream in pieces: every byte once, each piece's md5 and the whole's, and no second sum."""

import hashlib
import io
import random

import pytest

from storage.images import store
from storage.images.checksums import Summing
from storage.images.pieces import Pieces

BYTES = random.Random(7).randbytes(3_500_000)


class Knowing(io.BytesIO):
    """A reader that knows its md5, whatever that is."""

    md5 = "of its own"


class Generous:
    """A reader whose chunks are of its own size."""

    def __init__(self, data: bytes, size_bytes: int) -> None:
        self._chunks = [data[at : at + size_bytes] for at in range(0, len(data), size_bytes)]

    def read(self, _size_bytes: int, /) -> bytes:
        return self._chunks.pop(0) if self._chunks else b""


def _cut(reader: store.Reader, size_bytes: int) -> tuple[Pieces, list[tuple[bytes, str]]]:
    """All pieces of a reader: their bytes, and their md5."""
    pieces, found = Pieces(reader), []
    while not pieces.is_over:
        piece = pieces.next(size_bytes)
        data = b"".join(iter(lambda piece=piece: piece.read(100_000), b""))
        assert piece.read(1) == b"", "an end stays one"
        assert len(data) == piece.size_bytes
        found.append((data, piece.md5))
    return pieces, found


@pytest.mark.parametrize("is_summed", [False, True])
@pytest.mark.parametrize("size_bytes", [1, 999, 1_000_000, 3_000_000, len(BYTES), len(BYTES) + 1])
def test_pieces_are_the_stream_with_the_right_sums(size_bytes: int, is_summed: bool):
    data = BYTES if size_bytes > 999 else BYTES[: 50 * size_bytes]
    reader = io.BytesIO(data)

    pieces, found = _cut(Summing(reader) if is_summed else reader, size_bytes)

    expected = [data[at : at + size_bytes] for at in range(0, len(data), size_bytes)]
    assert [part for part, _ in found] == expected
    assert [md5 for _, md5 in found] == [hashlib.md5(part).hexdigest() for part in expected]
    assert (pieces.size_bytes, pieces.md5) == (len(data), hashlib.md5(data).hexdigest())


def test_nothing_is_one_empty_piece():
    pieces, found = _cut(io.BytesIO(b""), 10)

    assert [part for part, _ in found] == [b""]
    assert pieces.md5 == hashlib.md5(b"").hexdigest()


def test_a_reader_with_chunks_of_its_own_size_is_cut_where_its_chunks_end():
    pieces, found = _cut(Generous(BYTES, 300_000), 1_000_000)

    assert b"".join(part for part, _ in found) == BYTES
    assert all(hashlib.md5(part).hexdigest() == md5 for part, md5 in found)
    assert pieces.md5 == hashlib.md5(BYTES).hexdigest()


def test_a_reader_that_sums_is_not_summed_again():
    pieces, found = _cut(Knowing(BYTES), 2_000_000)

    assert pieces.md5 == "of its own"
    assert [md5 for _, md5 in found] == ["of its own", hashlib.md5(BYTES[2_000_000:]).hexdigest()]


def test_what_the_reader_raises_at_its_end_is_raised_before_the_pieces():
    """The end of a piece at a boundary waits for the verdict on the whole."""

    class Bad(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                raise ValueError("not what it says")
            return data

    piece = Pieces(Bad(BYTES[:1000])).next(1000)

    assert piece.read(1000) == BYTES[:1000]
    with pytest.raises(ValueError, match="not what it says"):
        piece.read(1000)


def test_how_much_will_come_is_asked_of_the_reader():
    class Told(io.BytesIO):
        def __length_hint__(self) -> int:
            return 4711

    assert Pieces(Summing(Told(b""))).hint_bytes == 4711
    assert Pieces(io.BytesIO(b"abc")).hint_bytes == 0
