"""HTTP/1.1 and WebSockets on the event loop's own thread: bytes on one side, ASGI on the other."""
