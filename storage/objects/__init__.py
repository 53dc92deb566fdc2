"""The object store: a ring, immutable object files, a small database a container."""
