"""``python -m tui.catalog``: well-known cloud images, from their publishers into the cloud.

What there is stands in ``images.toml``. A download is checked against the publisher's checksum
before the cloud gets its first byte; only the public Image API is used.
"""
