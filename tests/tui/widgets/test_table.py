"""The table: only what is in sight is formatted; the cursor stays on its item."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui
from tui.screens.view import View
from tui.widgets.columns import Column
from tui.widgets.spans import Span
from tui.widgets.table import Table


class Counted:
    """A column that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def cell(self, item: int) -> Span:
        self.asked += 1
        return f"row {item}", ""

    def table(self, *, is_searched: bool = True) -> Table[int]:
        columns = [
            Column(
                name="ROW", width=10, cell=self.cell, sort=lambda item: -item,
                is_searched=is_searched,
            )
        ]  # fmt: skip
        return Table(columns, key=str)


class Alone(View):
    """A screen with nothing but the table."""

    def __init__(self, table: Table[int]) -> None:
        super().__init__()
        self.shown = table

    def body(self) -> list[Table[int]]:
        return [self.shown]


def test_opening_100_000_rows_formats_one_window_of_them(cloud: FakeCloud) -> None:
    counted = Counted()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        table = counted.table(is_searched=False)  # a filter's preparation would be counted too
        app.push_screen(Alone(table))
        await pilot.pause()
        table.update(range(100_000))
        await pilot.pause()
        assert counted.asked <= 5 * 24, "a few paints of one window"
        counted.asked = 0
        for key in ("down", "down", "up"):
            await stage.press(pilot, key)
        assert counted.asked <= 3 * 4, "a move paints two rows, not the window"
        await stage.press(pilot, "end")
        assert table.current == 99_999
        assert "row 99999" in stage.text(app)

    stage.play(cloud, scene)


def test_the_cursor_stays_on_its_item_while_others_come_and_go(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        table = Counted().table()
        app.push_screen(Alone(table))
        await pilot.pause()
        table.update([1, 2, 3])
        table.go_to("2")
        table.update([9, 8, 1, 2, 3])
        assert table.current == 2
        table.update([9])
        assert table.current == 9
        table.update([])
        assert table.current is None
        assert table.chosen() == []

    stage.play(cloud, scene)


def test_marked_rows_are_chosen_unless_they_are_filtered_away_or_gone(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        table = Counted().table()
        app.push_screen(Alone(table))
        await pilot.pause()
        table.update(range(20))
        table.toggle_mark()
        table.toggle_mark()
        assert table.chosen() == [0, 1]
        table.filter("1")
        assert table.chosen() == [1]
        table.filter("")
        table.update(range(1, 20))
        assert table.chosen() == [1]

    stage.play(cloud, scene)


def test_sorting_goes_through_the_columns_and_back(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        table = Counted().table()
        app.push_screen(Alone(table))
        await pilot.pause()
        table.update([1, 3, 2])
        table.sort_by_next()
        table.action_move(-9)
        assert table.current == 3
        assert "ROW*" in stage.text(app) or table.sorted_by is not None
        table.sort_by_next()
        assert table.sorted_by is None

    stage.play(cloud, scene)


def test_names_of_any_kind_keep_the_columns_in_line(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for number, name in enumerate(("日本語" * 40, "a\nb\x1b[31m\u202e", "🦊" * 9, "[red]x[/]")):
            cloud.put("instance", id=f"odd{number}", name=name, vm_state="active")
        await stage.press(pilot, "2")
        await stage.settle(pilot)
        rows = [line for line in stage.text(app).splitlines() if "odd" in line]
        assert len(rows) >= 4
        assert "\x1b" not in "".join(rows)
        assert any("[red]x[/]" in row for row in rows)

    stage.play(cloud, scene)


def test_what_rows_say_is_prepared_in_small_pieces_and_follows_the_items(cloud: FakeCloud) -> None:
    counted = Counted()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        table = counted.table()
        app.push_screen(Alone(table))
        await pilot.pause()
        table.update(range(5_000, 25_000))
        await stage.until(pilot, lambda: len(table._said) == 20_000)
        counted.asked = 0
        table.filter("row 1199")
        assert table.count() == 12
        assert counted.asked < 100, "all that rows say was put together before"
        table.update([*range(11_000, 12_000), 119_955])
        assert table.count() == 12
        table.update([])
        assert table.count() == 0

    stage.play(cloud, scene)


def test_a_filter_typed_at_once_waits_for_what_rows_say_and_blocks_no_key(cloud: FakeCloud) -> None:
    counted = Counted()

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        table = counted.table()
        app.push_screen(Alone(table))
        await pilot.pause()
        table.update(range(50_000))
        for text in ("row 4", "row 49", "row 4999"):
            table.filter(text)
        assert (table.count(), table.total) == (50_000, 50_000), "for a moment all are shown"
        assert counted.asked < 10_000, "no key waits for all rows"
        await stage.until(pilot, lambda: table.count() == 15)
        assert counted.asked < 60_000, "what a row says is put together once, for three letters"
        table.filter("")
        table.update(range(50_000, 90_000))
        table.filter("row 5")
        table.filter("")
        assert table.count() == 40_000, "what needs no preparation waits for none"

    stage.play(cloud, scene)


def test_a_filter_may_name_a_column_whether_words_are_looked_for_there_or_not(
    cloud: FakeCloud,
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for is_searched in (True, False):
            table = Counted().table(is_searched=is_searched)
            app.push_screen(Alone(table))
            await pilot.pause()
            table.update(range(100))
            table.filter("row:9 !row:99")
            assert table.count() == 18
            table.filter("nowhere:9")
            assert table.count() == 0
            table.filter("99")
            assert table.count() == int(is_searched)

    stage.play(cloud, scene)
