"""The store `http`: what is elsewhere is read in parts or whole, and never written."""

import dataclasses
import io
from collections.abc import Iterator

import pytest

from appliance import config
from services.image.web_store import WebStore
from storage.images import store
from tests.services.image.web import Web, page

DATA = bytes(range(250)) * 40


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as served:
        yield served


def test_it_reads_and_never_writes(web: Web, settings: config.Settings):
    away = WebStore(web.allowed(settings.image))
    web.answers["/disk"] = page(DATA)

    assert b"".join(away.get(web.url("/disk"))) == DATA
    with pytest.raises(store.ImageStoreError, match="only read"):
        away.add(web.url("/disk"), io.BytesIO(DATA))
    away.delete(web.url("/disk"))
    assert len(web.heads) == 1


def test_what_goes_wrong_there_is_a_stores_error(web: Web, settings: config.Settings):
    away = WebStore(web.allowed(settings.image))
    web.answers["/short"] = page(DATA, length=len(DATA) + 1)

    with pytest.raises(store.DataNotFound):
        away.get(web.url("/nothing"))
    chunks = away.get(web.url("/short"))
    with pytest.raises(store.StoreUnreachable, match="broke off"):
        list(chunks)


def test_an_address_that_may_not_be_asked_any_more_is_not(web: Web, settings: config.Settings):
    """The configuration may have changed since the location was set."""
    allowed = web.allowed(settings.image)
    away = WebStore(dataclasses.replace(allowed, download_hosts=()))

    with pytest.raises(store.StoreUnreachable, match="not a public one"):
        away.get(web.url("/disk"))
    assert web.heads == []


def test_a_reader_that_goes_away_early_leaves_the_connection(web: Web, settings: config.Settings):
    away = WebStore(web.allowed(settings.image))
    web.answers["/disk"] = page(bytes(8 << 20))
    chunks = away.get(web.url("/disk"))
    next(iter(chunks))

    chunks.close()  # type: ignore[attr-defined]  # every store gives a generator

    assert list(chunks) == []
