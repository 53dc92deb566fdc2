"""The frame of every worker process: settings, log, trace, database, queue, heartbeat."""

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance import bell, claims, config, inquiry, log, processes, trace
from appliance import queue as topics
from appliance.db import claims as claims_db
from appliance.db import connection, services


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process that serves one topic."""

    name: str
    topic: str
    settings: config.Settings
    db: connection.Database
    queue: topics.Queue
    claims: claims.Claimer

    def run(
        self,
        steps: Mapping[str, topics.Step],
        *,
        sweep: topics.Sweep,
        beat: Callable[[], None] = lambda: None,
        answers: inquiry.Answers | None = None,
        once: bool = False,
    ) -> None:
        """Serve the topic until SIGTERM, and answer questions; or, with `once`, take one round."""
        if once:
            self.queue.once(self.topic, steps, sweep=sweep)
            return
        if answers:
            inquiry.serve(self.settings.run_dir, self.topic, answers)

        def report() -> None:
            with self.db.transaction() as tx:
                services.seen(tx, self.topic)
            beat()
            processes.give_memory_back()

        self.queue.work(self.topic, steps, sweep=sweep, beat=report)


def start(name: str, *, per_host: bool, home: Path | None = None) -> Worker:
    """Open everything for the worker `name`; its topic is `name`, or `name.<host>`.

    The claims of its earlier lives end here: there is one process a topic, and this is it.
    """
    settings = config.load(home)
    log.start(settings.log_level)
    trace.start(settings.home, name, hops_max=settings.trace.hops_max)
    topic = f"{name}.{settings.host}" if per_host else name
    db = connection.open_db(settings.home, ringer=bell.Ringer(settings.run_dir))
    with db.transaction() as tx:
        services.register(tx, topic, name=name, host=settings.host)
        claims_db.drop(tx, owner_like=f"{topic}/%")
    db.close()  # this thread waits for signals from now on: its connection is 0.3 MiB of schema
    return Worker(
        name=name,
        topic=topic,
        settings=settings,
        db=db,
        queue=topics.Queue(settings),
        claims=claims.Claimer(db, settings.queue, owner=f"{topic}/{os.getpid()}"),
    )


def wants_once(name: str) -> bool:
    """Parse the worker's command line: `once` runs one round and exits."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}")
    parser.add_argument("mode", nargs="?", choices=["once"], help="run one round and exit")
    return bool(parser.parse_args().mode)
