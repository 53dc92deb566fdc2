"""`novabox explain`, `capacity` and `plan`: the cloud's own answers, told at a shell.

A client like any other: it logs in, makes one call, and prints what came. No Textual, no Rich.
"""
