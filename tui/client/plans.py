"""From the JSON of plans, explanations and capacity to values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui.client.decode import convert
from tui.client.nouns.planning import Capacity, Explanation, Plan, RunPlan


def run_plan(body: Any) -> RunPlan:
    """Read ``POST /dry-runs/run``. Raises Unreadable."""
    return convert(body, _RunPlan).plan


def plan(body: Any) -> Plan:
    """Read the other dry runs. Raises Unreadable."""
    return convert(body, _Plan).plan


def explanation(body: Any) -> Explanation:
    """Read ``GET /explanations/{kind}/{id}``. Raises Unreadable."""
    return convert(body, _Explanation).explanation


def capacity(body: Any) -> Capacity:
    """Read ``GET /capacity``. Raises Unreadable."""
    return convert(body, Capacity)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunPlan:
    plan: RunPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explanation:
    explanation: Explanation
