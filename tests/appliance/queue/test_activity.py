"""How busy topics were, counted from a real trace."""

import time

from appliance import config, context, queue, trace


def test_a_look_counts_what_went_in_and_out_and_how_much_waited(
    settings: config.Settings, topics: queue.Queue, request_context: context.RequestContext
) -> None:
    trace.start(settings.home, "api", hops_max=1000)
    activity = queue.Activity(trace.Log(settings.home))
    for key in "abc":
        topics.ring("t", "note", key)
    admin = queue.Administration(settings=settings, topics=topics)
    admin.pause("t")
    admin.step("t")
    topics.once("t", {"note": str}, sweep=list)
    trace.flush()

    busy = activity.look({"t": 2, "idle": 0})

    assert (sum(busy["t"].sent), sum(busy["t"].taken)) == (3, 1)
    assert (busy["t"].in_per_s, busy["t"].out_per_s) == (0.3, 0.1)
    assert (busy["t"].depth[0], busy["t"].depth[-1]) == (0, 2)
    assert {len(one) for one in (busy["t"].sent, busy["t"].taken, busy["t"].depth)} == {30}
    assert (busy["idle"].in_per_s, busy["idle"].depth) == (0.0, [0] * 30)
    assert activity.look({"t": 2})["t"].sent == busy["t"].sent, "a hop counts once"


def test_what_was_long_ago_is_forgotten(settings: config.Settings) -> None:
    trace.start(settings.home, "api", hops_max=1000)
    token = context.current.set(context.RequestContext())
    trace.event("sent", "note", target="t")
    context.current.reset(token)
    trace.flush()
    activity = queue.Activity(trace.Log(settings.home))
    assert sum(activity.look({"t": 1})["t"].sent) == 1

    later = int(time.time()) + 31
    activity._read(later)

    assert (activity._seen, activity._counts) == ({}, {})
