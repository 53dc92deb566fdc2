"""``--linear``: the same screens as numbered plain lines, for a screen reader or a line printer.

Nothing is drawn twice and nothing moves: a line is said once, when asked for. Kinds, places and
actions are those of the screens.
"""
