"""A program that does random acts to a store, and says after each that it was acknowledged.

`python -m tests.storage.objects.random_acts ROOT ACKS SEED COUNT`; what it will do is known from
the seed, so that a test knows what it must find.
"""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from storage.objects.store import INLINE_BYTES_MAX, ObjectStore
from tests.storage.objects.verbs import ACCOUNT, copy, named, put

NAMES = [f"o{number}" for number in range(8)]
Model = dict[str, bytes]


def plan(seed: int, count: int) -> Iterator[tuple[str, str, str, bytes]]:
    """Yield verb, name, second name and bytes of each act; every one can succeed."""
    chance = random.Random(seed)
    there: set[str] = set()
    for number in range(count):
        verb = chance.choice(("put", "put", "put", "delete", "copy"))
        name, other = chance.choice(NAMES), chance.choice(NAMES)
        if verb != "put" and name not in there:
            verb = "put"
        size = chance.choice((0, 10, 4096, INLINE_BYTES_MAX + 5000))
        there = there - {name} if verb == "delete" else there | {other if verb == "copy" else name}
        yield verb, name, other, bytes([number % 251]) * size


def states(seed: int, count: int) -> list[Model]:
    """Return what is stored before the first act, and after each."""
    found: list[Model] = [{}]
    for verb, name, other, data in plan(seed, count):
        model = dict(found[-1])
        if verb == "put":
            model[name] = data
        elif verb == "copy":
            model[other] = model[name]
        else:
            del model[name]
        found.append(model)
    return found


def main(root: str, acks: str, seed: str, count: str) -> None:
    """Do it all, one act after the other."""
    fd = os.open(acks, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o644)
    with ObjectStore(Path(root), part_power=2) as store:
        store.put_container(ACCOUNT, "c")
        os.write(fd, b"begin\n")
        for verb, name, other, data in plan(int(seed), int(count)):
            if verb == "put":
                put(store, name, data)
            elif verb == "copy":
                copy(store, named(name), named(other))
            else:
                store.delete_object(named(name))
            os.write(fd, b"done\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
