"""Publishers' lists in all their forms, and what is no list."""

from __future__ import annotations

import pytest

from tui.catalog import checksums
from tui.catalog.failure import FetchFailed

NAME = "disk.qcow2"
GOOD, OTHER = "1f" * 32, "2e" * 32
LONG = "3d" * 64

DEBIAN = f"{LONG}  other.qcow2\n{'4c' * 64}  {NAME}\n"
UBUNTU = f"{OTHER} *noble.squashfs\n{GOOD} *{NAME}\n"
FEDORA = f"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# other.qcow2: 510525440 bytes
SHA256 (other.qcow2) = {OTHER}
# {NAME}: 501678080 bytes
SHA256 ({NAME}) = {GOOD}
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCAAdFiEE{GOOD}
-----END PGP SIGNATURE-----
"""


def find(text: str, algorithm: str = "sha256") -> str:
    return checksums.find(text, file_name=NAME, algorithm=algorithm, source="https://a/SUMS")


@pytest.mark.parametrize(
    "text",
    [UBUNTU, FEDORA, f"{GOOD}\n", GOOD.upper(), f"{GOOD}  ./{NAME}\r\n", f"SHA256({NAME})= {GOOD}"],
)
def test_every_form_says_the_same(text: str) -> None:
    assert find(text) == GOOD


def test_the_longer_algorithm_is_found_too() -> None:
    assert find(DEBIAN, "sha512") == "4c" * 64


def test_a_line_of_another_algorithm_is_passed_over() -> None:
    mixed = f"SHA512 ({NAME}) = {LONG}\nSHA3-256 ({NAME}) = {OTHER}\nSHA256 ({NAME}) = {GOOD}\n"
    assert find(mixed) == GOOD
    assert find(mixed, "sha512") == LONG


def test_a_name_that_only_begins_alike_is_another_file() -> None:
    with pytest.raises(FetchFailed, match=f"has no sha256 of {NAME}, only of {NAME}.sig"):
        find(f"{GOOD}  {NAME}.sig\n")


def test_two_hashes_of_one_file_are_none() -> None:
    with pytest.raises(FetchFailed, match="has 2 different sha256"):
        find(f"{GOOD}  {NAME}\n{OTHER}  {NAME}\n")


def test_a_file_that_is_not_listed_is_told_with_some_that_are() -> None:
    text = "".join(f"{GOOD}  disk-{number}.qcow2\n" for number in range(9))
    with pytest.raises(FetchFailed, match=r"only of disk-0\.qcow2, .*, …: the publisher has"):
        find(text)


@pytest.mark.parametrize("text", ["", "<html>Not found</html>", f"{GOOD[:-1]}\n", f"{LONG}\n"])
def test_what_is_no_list_is_said_to_be_none(text: str) -> None:
    with pytest.raises(FetchFailed, match="https://a/SUMS is no list of sha256 checksums"):
        find(text)
