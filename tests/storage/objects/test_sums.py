"""Checksums do not depend on the pieces in which bytes come."""

import hashlib
import io
import random
import threading

import pytest
import xxhash

from storage.objects import sums
from storage.objects.sums import BLOCK_BYTES, Sums

DATA = random.Random(1).randbytes(3 * BLOCK_BYTES + 7)
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
BLOCKS = b"".join(
    xxhash.xxh3_64_digest(DATA[start : start + BLOCK_BYTES])
    for start in range(0, len(DATA), BLOCK_BYTES)
)


@pytest.mark.parametrize("piece", [1000, BLOCK_BYTES, BLOCK_BYTES + 1, len(DATA)])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_sums_are_those_of_the_bytes(piece: int, kind: type):
    computed = Sums()
    for start in range(0, len(DATA), piece):
        computed.update(kind(DATA[start : start + piece]))

    assert (computed.etag, computed.xxh3) == (MD5, xxhash.xxh3_128_hexdigest(DATA))
    assert computed.blocks == BLOCKS


def test_the_etag_may_be_asked_for_in_between():
    computed = Sums()
    computed.update(DATA[: 2 * BLOCK_BYTES])
    first = hashlib.md5(DATA[: 2 * BLOCK_BYTES], usedforsecurity=False).hexdigest()
    assert computed.etag == first
    computed.update(DATA[2 * BLOCK_BYTES :])
    assert computed.etag == MD5


def test_a_buffer_may_be_used_again_at_once():
    computed, buffer = Sums(), bytearray(BLOCK_BYTES)
    for start in range(0, len(DATA), BLOCK_BYTES):
        piece = DATA[start : start + BLOCK_BYTES]
        buffer[: len(piece)] = piece
        computed.update(memoryview(buffer)[: len(piece)])

    assert computed.etag == MD5


def test_nothing_is_left_of_the_thread():
    before = threading.active_count()
    computed = Sums()
    computed.update(DATA)
    computed.close()
    computed.close()

    assert threading.active_count() == before


def test_a_file_is_summed_as_its_bytes_are():
    sizes: list[int] = []
    assert sums.of_file(io.BytesIO(DATA), take=sizes.append) == (
        xxhash.xxh3_128_hexdigest(DATA),
        BLOCKS,
    )
    assert sum(sizes) == len(DATA)


def test_a_block_is_known_by_its_number():
    block = DATA[BLOCK_BYTES : 2 * BLOCK_BYTES]

    assert sums.is_block(block, BLOCKS, 1)
    assert not sums.is_block(block, BLOCKS, 2)
    assert not sums.is_block(block, BLOCKS, 9)
