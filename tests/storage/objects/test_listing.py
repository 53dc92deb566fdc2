"""A page of a listing is what Swift's rules say, for any names and any question."""

import itertools
from collections.abc import Generator

from hypothesis import example, given
from hypothesis import strategies as st

from storage.objects import container, listing
from storage.objects.listing import Query, Subdir
from storage.objects.object_file import ObjectRecord

# Few letters, so that prefixes and delimiters meet; the last characters before gaps and the end.
alphabet = st.sampled_from(["a", "b", "/", "\ud7ff", "\ue000", "\U0010ffff"])
words = st.text(alphabet, max_size=5)
queries = st.builds(
    Query,
    prefix=st.text(alphabet, max_size=2),
    delimiter=st.sampled_from(["", "/", "a/", "b"]),
    marker=words,
    end_marker=words,
    limit=st.integers(0, 6),
    is_reverse=st.booleans(),
)


def record(name: str, size_bytes: int = 1) -> ObjectRecord:
    return ObjectRecord(
        name=name,
        written=1,
        timestamp=1,
        size_bytes=size_bytes,
        etag="e",
        xxh3="x",
        content_type="t",
    )


def model(names: set[str], query: Query) -> list[str]:
    """Say the rules in the plainest way: select, order, fold, cut."""
    chosen = sorted((n for n in names if n.startswith(query.prefix)), reverse=query.is_reverse)
    first, last = query.marker, query.end_marker
    if query.is_reverse:
        chosen = [n for n in chosen if (not first or n < first) and (not last or n > last)]
    else:
        chosen = [n for n in chosen if n > first and (not last or n < last)]
    if query.delimiter:
        folded = [query.subdir(n) or n for n in chosen]
        chosen = [n for n, _ in itertools.groupby(folded)]
        chosen = [n for n in chosen if n != first or not query.subdir(n)]
    return chosen[: query.limit]


def page_of(names: set[str], query: Query) -> list[str]:
    def fetch(
        lower: str, upper: listing.Bound, limit: int
    ) -> Generator[container.Listed, None, None]:
        for name in sorted(names, reverse=query.is_reverse):
            if limit and lower <= name and (isinstance(upper, bytes) or name < upper):
                limit -= 1
                yield container.Listed(name, 1, 1, "", "")

    return [row.name for row in listing.page(fetch, query)]


@given(st.sets(words.filter(bool)), queries)
@example({"a/b", "a0"}, Query(delimiter="/", marker="a/"))
def test_a_page_follows_the_rules(names: set[str], query: Query):
    assert page_of(names, query) == model(names, query)


@given(st.sets(words.filter(bool), max_size=12), st.booleans(), st.integers(1, 4))
def test_pages_by_marker_give_every_name_once(names: set[str], is_reverse: bool, limit: int):
    seen: list[str] = []
    while page := page_of(
        names, Query(marker=seen[-1] if seen else "", limit=limit, is_reverse=is_reverse)
    ):
        seen += page

    assert seen == sorted(names, reverse=is_reverse)


def test_a_subdirectory_is_marked_as_one(tmp_path):
    container.Container.create(
        tmp_path / "c", "a", name="c", timestamp=1, records=[record("d/1"), record("e")]
    )
    opened = container.Container(tmp_path / "c")

    page = opened.page(Query(delimiter="/"))
    opened.close()

    assert page == [Subdir("d/"), container.Listed("e", 1, 1, "e", "t")]


@given(st.text(alphabet, min_size=1, max_size=3), words)
def test_nothing_with_the_prefix_reaches_past_it(prefix: str, rest: str):
    after = listing.after_prefix(prefix)

    assert after is None or prefix + rest < after
