"""What this server tells an application besides ASGI, in the `extensions` of a request's scope."""

from typing import Final

IS_ALONE: Final = "novabox.is_alone"  # a function: whether anybody would wait for this request
BODY_SOCKET: Final = "novabox.body_socket"  # a `Lend` (`body_socket.py`), of a large body
