"""A cloud set up from nothing, by the command `novabox` alone: run, read, undone."""
