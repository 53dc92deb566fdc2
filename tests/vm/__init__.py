"""A throw-away machine with a distribution's full kernel, on which this checkout runs as it is.

For what the kernel of a container or of a small machine lacks: LIO, device mapper. Tests marked
`vm` run there, all in one boot; see `plugin`. By hand: `python -m tests.vm COMMAND...`.
"""
