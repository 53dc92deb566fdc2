"""``python -m tui.demo``: the main job, from building an image to an ssh login.

Only the public APIs are used. Every step looks first at what is there already, so that a second
run finds the cloud as the first one left it.
"""
