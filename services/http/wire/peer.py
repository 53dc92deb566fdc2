"""What an exchange and a WebSocket know of the connection that they belong to."""

from typing import Protocol


class Peer(Protocol):
    """The other end, as far as bytes go; called on the event loop."""

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be sent that nothing more should be written yet."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until they can be sent; if nobody is there, they are dropped."""

    async def catch_up(self) -> None:
        """Return when it is not behind any more, or nobody is there."""

    def pause(self) -> None:
        """Read nothing more for now."""

    def resume(self) -> None:
        """Read on, if that was stopped: what was read is being taken."""

    def end(self) -> None:
        """Go on, as the exchange is over; an answer that is not whole is seen to be cut off."""

    def close(self) -> None:
        """Close the connection when all is sent, and could be read."""
