"""What can be done in a guest's console, by a letter after ``^]``; other keys are the guest's."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action

VIEW: Final = "console"

ACTIONS: Final = (
    Action(id="console.leave", keys="q", label="leave", views=(VIEW,), does="app.back",
           purpose="Go back to the list; the guest goes on."),
    Action(id="console.read_back", keys="left_square_bracket", label="read back", views=(VIEW,),
           does="screen.read_back",
           purpose="Read, search and copy what the guest said before; q gives it the keys again."),
    Action(id="console.search", keys="slash", label="search", views=(VIEW,), does="screen.search",
           purpose="Search what the guest said."),
    Action(id="console.log", keys="l", label="log since boot", views=(VIEW,),
           does="screen.read_from_boot", purpose="Read from where the guest booted last."),
    Action(id="console.record", keys="r", label="record", views=(VIEW,), does="screen.record",
           purpose="Record what the guest says as an asciicast file, or end the recording."),
    Action(id="console.split", keys="vertical_line", label="split", views=(VIEW,),
           does="screen.split", purpose="Show another guest beside this one, or close the other."),
    Action(id="console.other", keys="tab", label="other guest", views=(VIEW,),
           does="screen.other", purpose="Give the keys to the other guest."),
    Action(id="console.send", keys="s", label="send text or file", views=(VIEW,),
           does="screen.send", purpose="Type a line, or with @PATH a file, into the guest."),
    Action(id="console.break", keys="b", label="send break", views=(VIEW,),
           does="screen.send_break", purpose="Send a break: Linux's SysRq listens to it."),
    Action(id="console.fit", keys="z", label="fit", views=(VIEW,), does="screen.fit",
           purpose="Make the guest's screen as large as it is shown, by typing stty into it."),
    Action(id="console.full", keys="f", label="whole screen", views=(VIEW,), does="screen.full",
           purpose="Show the guest's screen and nothing else, or the rest again."),
    Action(id="console.take", keys="w", label="take keyboard", views=(VIEW,), does="screen.take",
           purpose="Take the keyboard from another who types into this guest."),
    Action(id="console.ctrl_alt_del", keys="k", label="send Ctrl+Alt+Del", views=(VIEW,),
           does="screen.send_ctrl_alt_del",
           purpose="Press Ctrl+Alt+Del on the guest's keyboard: Linux reboots."),
)  # fmt: skip
