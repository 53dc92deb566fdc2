"""The cloud over HTTP, as any client sees it; knows nothing of screens.

The one home of httpx2 and msgspec in ``tui``.
"""
