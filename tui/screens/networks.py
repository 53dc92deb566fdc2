"""Networks as they are on this machine: bridges, who is on them, what passes; and paths checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path as File
from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import bindings, quantities, registry, themes, topology, words
from tui.actions.action import Action, Level, Target
from tui.actions.network import path_of
from tui.client import insides, verbs
from tui.client.errors import ClientError
from tui.client.nouns import Instance, Network, Port, SecurityGroup, Usage
from tui.client.nouns.xray import Check, Path
from tui.glyphs import Meaning
from tui.screens.confirm import Confirm
from tui.screens.form import Form
from tui.screens.view import View
from tui.store import Topic
from tui.widgets.panel import Panel
from tui.widgets.rows import Row, Rows
from tui.widgets.spans import Span, fit

EXPORT: Final = "novabox-networks.dot"
_TOPICS: Final = frozenset({"network", "port", "instance", "security_group", "usage", "link"})
_ADVICE: Final = "k: can this reach that? Choose two ends and a port; what stops it is named."
_FIRST: Final = "runs"  # what is looked at first of a guest
_WIDE: Final = 100  # from here on there is room for taps

Item = Network | Port | None


class Networks(View):
    """A tree of networks and their ports; below it the path that was checked last."""

    AUTO_FOCUS = "Rows"
    CRUMBS: ClassVar[list[str]] = ["Networks"]
    IS_OF_USAGE = True
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("networks")

    def __init__(self) -> None:
        super().__init__()
        self._judged: Path | None = None
        self._asked = Target(id="", name="")

    def body(self) -> Iterable[Widget]:
        """Return the tree and the path."""
        with Vertical(classes="box", id="tree"):
            yield Rows[Item]()
        yield Panel("Path", widget_id="path", wraps=True)

    @property
    def rows(self) -> Rows[Item]:
        """The tree's lines."""
        return self.query_one("#tree Rows", Rows)

    def on_mount(self) -> None:
        """Say how to begin."""
        self._show_path()

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw the networks."""
        if topics & _TOPICS:
            self.rows.update_rows(list(self._lines()))
            ports = len(self.app.store.all(Port))
            nets = len(self._networks())
            dot = self.app.glyphs.dot
            self.query_one("#tree").border_title = f"Networks {nets} {dot} ports {ports}"

    def targets(self) -> list[Target]:
        """Return the network under the cursor, or the instance that has the port."""
        item = self.rows.current
        if isinstance(item, Port):
            owner = self.app.store.find(Instance, item.instance_id or "")
            if owner:
                return [Target(id=owner.id, name=owner.name, noun=owner)]
            return [Target(id=item.id, name=item.name or item.tap, noun=item)]
        return [Target(id=item.id, name=item.name, noun=item)] if item else []

    def go_to(self, key: str) -> None:
        """Put the cursor on a network, a port, or an instance's first port."""
        for at, row in enumerate(self._lines()):
            item = row.item
            if item and key in (item.id, getattr(item, "instance_id", None)):
                self.rows.move_to(at)
                return

    def action_check_path(self) -> None:
        """Ask for two ends, and then the cloud."""
        self._check()

    def action_open_way(self) -> None:
        """Add the rule that was offered, once it has been looked at."""
        self._open()

    def action_create(self) -> None:
        """Make a network with a range of addresses."""
        self._create()

    def action_copy_mermaid(self) -> None:
        """Copy the diagram."""
        self.app.copy_to_clipboard(topology.mermaid(self._nets()))
        self.app.say("copied the networks as Mermaid")

    def action_export(self) -> None:
        """Write the diagram into the folder the program was started in."""
        self._export()

    @on(Rows.Chosen)
    async def _chosen(self) -> None:
        target = self.app.target()
        if target and isinstance(target.noun, Instance):
            await self.app.action_open("instances", target.id)

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    @work(exclusive=True, group="acts")
    async def _check(self) -> None:
        action = registry.BY_ID["network.check_path"]
        target = next(iter(self.targets()), Target(id="", name=""))
        if not isinstance(target.noun, Instance):
            target = Target(id="", name="")
        answers = await self.app.push_screen_wait(Form(action, [target]))
        if answers is None:
            return
        self._asked = Target(id="", name="", answers=answers)
        await self._ask()

    async def _ask(self) -> None:
        """Ask the cloud about the path that was chosen last."""
        found = await self.app.ask(path_of(self._asked), insides.path)
        if found is not None:
            self._judged = found
            self._show_path()

    @work(exclusive=True, group="acts")
    async def _open(self) -> None:
        fix = self._judged.fix if self._judged else None
        if fix is None or fix.rule is None:
            self.app.say("no rule is offered: k checks a path", is_error=True)
            return
        call = verbs.network.create_security_group_rule(fix.rule)
        action = _adding(fix.text, call.line())
        target = Target(id=str(fix.rule.get("security_group_id", "")), name=fix.text)
        if not await self.app.push_screen_wait(Confirm(action, [target], level=Level.ONE_OBJECT)):
            return
        try:
            await self.app.send(call)
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
            return
        self.app.say(f"added {fix.text}")
        await self._ask()

    @work(exclusive=True, group="acts")
    async def _create(self) -> None:
        action = registry.BY_ID["network.create"]
        answers = await self.app.push_screen_wait(Form(action, [Target(id="", name="")]))
        if answers is None:
            return
        try:
            made = await self.app.send(verbs.network.create_network(answers["name"]))
            network_id = str(made.body["network"]["id"])
            await self.app.send(verbs.network.create_subnet(network_id, answers["cidr"]))
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
            return
        self.app.say(f"made {answers['name']} {answers['cidr']}")

    @work(exclusive=True, group="export")
    async def _export(self) -> None:
        try:
            await asyncio.to_thread(File(EXPORT).write_text, topology.dot(self._nets()) + "\n")
        except OSError as error:
            self.app.say(f"{EXPORT}: {error.strerror}", is_error=True)
            return
        self.app.say(f"wrote {EXPORT}: dot -Tsvg {EXPORT}")

    def _networks(self) -> list[Network]:
        return sorted(self.app.store.all(Network), key=lambda one: (one.name, one.id))

    def _ports(self, network: Network) -> list[Port]:
        found = [port for port in self.app.store.all(Port) if port.network_id == network.id]
        return sorted(found, key=_place)

    def _lines(self) -> Iterator[Row[Item]]:
        """Yield outside, then each network with its ports below."""
        yield Row("outside", None, self._outside)
        for network in self._networks():
            yield Row(network.id, network, self._header(network))
            ports = self._ports(network)
            for port in ports:
                yield Row(port.id, port, self._guest(port, is_last=port is ports[-1]))
            if not ports:
                yield Row((network.id, "empty"), None, self._nobody)

    def _outside(self, width: int) -> list[Span]:
        wire = self.app.glyphs.wire * 2
        return [("( outside ) ", "dim"), (f"{wire} this machine {wire} ", "dim"),
                ("what guests send out leaves with its address", "dim")]  # fmt: skip

    def _nobody(self, width: int) -> list[Span]:
        return [(self.app.glyphs.twig_last, "dim"), ("nobody is on it", "dim")]

    def _header(self, network: Network) -> Callable[[int], list[Span]]:
        def draw(width: int) -> list[Span]:
            dhcp = f"DHCP {network.gateway_ip}" if network.is_dhcp_enabled else "no DHCP"
            parts = [network.bridge, network.cidr or "no addresses", dhcp]
            return [(fit(network.name, 20, ellipsis=self.app.glyphs.ellipsis), "title"),
                    ("  " + "  ".join(filter(None, parts)), "")]  # fmt: skip

        return draw

    def _guest(self, port: Port, *, is_last: bool) -> Callable[[int], list[Span]]:
        glyphs = self.app.glyphs

        def draw(width: int) -> list[Span]:
            owner = self.app.store.find(Instance, port.instance_id or "")
            word, meaning = words.of_instance(owner) if owner else _state(port)
            name = owner.name if owner else (port.name or "no instance")
            parts: list[Span] = [
                (glyphs.twig_last if is_last else glyphs.twig, "dim"),
                (fit(_ending(port), 5, ellipsis=glyphs.ellipsis), ""),
                (fit(name, 15, ellipsis=glyphs.ellipsis) + " ", ""),
                (fit(f"{glyphs.state(meaning)} {word}", 14, ellipsis=glyphs.ellipsis), meaning),
            ]
            if width >= _WIDE:
                parts.append((fit(port.tap, 16, ellipsis=glyphs.ellipsis), "dim"))
            room = max(width - sum(len(text) for text, _ in parts) - _TRAFFIC, 8)
            groups = ",".join(self._groups(port))
            parts.append((fit(groups, room - 1, ellipsis=glyphs.ellipsis) + " ", "dim"))
            parts.append((self._traffic(port), ""))
            return parts

        return draw

    def _groups(self, port: Port) -> list[str]:
        found = (self.app.store.find(SecurityGroup, one) for one in port.security_group_ids)
        return [group.name for group in found if group]

    def _traffic(self, port: Port) -> str:
        """What goes out of the guest and into it; nothing while nothing is known."""
        usage = self.app.store.find(Usage, port.instance_id or "")
        nic = next((one for one in usage.nics if one.tap == port.tap), None) if usage else None
        if nic is None:
            return " " * _TRAFFIC
        up, down = self.app.glyphs.up, self.app.glyphs.down
        return f"{up}{_rate(nic.tx_bytes_s):>6} {down}{_rate(nic.rx_bytes_s):>6}"

    def _nets(self) -> list[topology.Net]:
        return [
            topology.Net(
                name=network.name, bridge=network.bridge, cidr=network.cidr or "",
                ends=tuple(self._end(port) for port in self._ports(network)),
            )
            for network in self._networks()
        ]  # fmt: skip

    def _end(self, port: Port) -> topology.End:
        owner = self.app.store.find(Instance, port.instance_id or "")
        return topology.End(
            name=owner.name if owner else port.name, address=", ".join(port.addresses),
            tap=port.tap, groups=tuple(self._groups(port)),
        )  # fmt: skip

    def _show_path(self) -> None:
        panel = self.query_one("#path", Panel)
        if self._judged is None:
            panel.show(_ADVICE)
            return
        said = self._asked.answers
        port = f" {said['port']}" if said.get("port") and said["protocol"] != "icmp" else ""
        panel.border_title = Content(
            f"Can {self._called(said['from'])} reach {self._called(said['to'])} on "
            f"{said['protocol']}{port}?"
        )
        fix = self._judged.fix
        panel.border_subtitle = "f adds the rule" if fix and fix.rule else ""
        lines = list(self._ends())
        stop = next((one for one in self._judged.checks if one.is_passed is False), None)
        if stop:
            lines.append(Content.styled(f"{self.app.glyphs.failed} {stop.text}",
                                        themes.COLOUR["failed"]))  # fmt: skip
        else:
            lines.append(Content.styled(f"{self.app.glyphs.good} nothing stops it",
                                        themes.COLOUR["good"]))  # fmt: skip
        if fix:
            lines.append(Content(f"fix: {fix.text}"))
        panel.show(*lines)

    def _ends(self) -> Iterator[Content]:
        """Yield a line an end, each with its checks; what is between them ends the first."""
        said, checks = self._asked.answers, self._judged.checks if self._judged else ()
        names = [self._called(said["from"]), self._called(said["to"])]
        turn = _turn(checks)
        width, ellipsis = max(map(len, names)) + 2, self.app.glyphs.ellipsis
        for name, part in zip(names, (checks[:turn], checks[turn:]), strict=True):
            if part:
                marks = Content(" ").join(self._check_line(one) for one in part)
                yield Content.assemble((fit(name, width, ellipsis=ellipsis), "bold"), marks)

    def _check_line(self, check: Check) -> Content:
        meaning: Meaning = (
            "unknown" if check.is_passed is None else "good" if check.is_passed else "failed"
        )
        sign = self.app.glyphs.state(meaning)
        return Content.assemble((sign, themes.COLOUR[meaning]), f" {check.what} ")

    def _called(self, key: str) -> str:
        owner = self.app.store.find(Instance, key)
        return owner.name if owner else {"host": "this machine"}.get(key, key)


_TRAFFIC: Final = 15


def _turn(checks: Sequence[Check]) -> int:
    """Return from which check on it is about the other end: where a guest is looked at anew."""
    begins = [at for at, one in enumerate(checks) if one.what == _FIRST]
    if len(begins) == 1 and begins[0] > 0:  # what it comes from is no guest
        return begins[0]
    return begins[1] if len(begins) > 1 else len(checks)


def _adding(text: str, line: str) -> Action:
    """Return the question before a rule is added."""
    return Action(
        id="network.open_way", keys="f", label="add the rule", views=(),
        purpose=f"This adds {text}:", cli=lambda _: (line,),
    )  # fmt: skip


def _state(port: Port) -> tuple[str, Meaning]:
    return (port.status.lower() or "unknown", "good" if port.status == "ACTIVE" else "off")


def _ending(port: Port) -> str:
    """Return the last part of its address, which tells it from others of the network."""
    return f".{port.addresses[0].rpartition('.')[2]}" if port.addresses else "-"


def _place(port: Port) -> tuple[tuple[int, ...], str]:
    address = port.addresses[0] if port.addresses else "255.255.255.255"
    numbers = tuple(int(part) for part in address.split(".") if part.isdigit())
    return numbers, port.id


def _rate(bytes_s: int) -> str:
    """Return a rate in six cells at most."""
    return quantities.size(bytes_s).replace(" ", "").replace("iB", "").replace("B", "")
