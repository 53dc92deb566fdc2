"""The terminal user interface: a client over HTTP, as any other; imports nothing of ours."""
