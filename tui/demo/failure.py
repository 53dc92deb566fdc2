"""The one error of the demo's own."""


class DemoFailed(Exception):
    """The job cannot go on; the text says what was tried and what to do."""
