"""Rows of `regions`, `catalog_services`, `endpoints` and `policies`: tables of one form."""

from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from appliance import errors
from appliance.db import connection, extras
from appliance.model.catalog import Endpoint, Policy, Region, Service

N = TypeVar("N", bound=Region | Service | Endpoint | Policy)


class Table(Generic[N]):
    """The rows of one of them, as nouns of `kind`."""

    def __init__(self, table: str, kind: type[N]) -> None:
        self._table = table
        self._kind = kind
        self._noun = kind.__name__.lower()

    def create(self, tx: connection.Transaction, noun: N) -> None:
        """Insert the row. Raises Conflict when its id is taken, or what it refers to is missing."""
        tx.insert(self._table, **extras.columns(noun))

    def get(self, db: connection.Reader, key: str) -> N:
        """The noun. Raises NotFound."""
        row = db.row(f"SELECT * FROM {self._table} WHERE id = ?", (key,))
        return self._kind(**extras.fields(connection.found(row, self._noun, key)))

    def listed(self, db: connection.Reader, where: Mapping[str, object] | None = None) -> list[N]:
        """The nouns whose columns have these values, in the order in which they were made."""
        wanted = dict(where or {})
        conditions = " AND ".join(["TRUE", *(f"{column} IS ?" for column in wanted)])
        rows = db.rows(
            f"SELECT * FROM {self._table} WHERE {conditions} ORDER BY rowid", tuple(wanted.values())
        )
        return [self._kind(**extras.fields(row)) for row in rows]

    def update(self, tx: connection.Transaction, noun: N) -> None:
        """Write the row as it is now. Raises NotFound."""
        values = extras.columns(noun)
        names = ", ".join(f"{name} = :{name}" for name in values)
        if not tx.execute(f"UPDATE {self._table} SET {names} WHERE id = :id", values):
            raise errors.NotFound(self._noun, noun.id)

    def delete(self, tx: connection.Transaction, key: str) -> None:
        """Remove the row, and what belongs to it. Raises NotFound."""
        if not tx.execute(f"DELETE FROM {self._table} WHERE id = ?", (key,)):
            raise errors.NotFound(self._noun, key)


regions: Final = Table("regions", Region)
services: Final = Table("catalog_services", Service)
endpoints: Final = Table("endpoints", Endpoint)
policies: Final = Table("policies", Policy)
