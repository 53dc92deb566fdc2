"""Glance's part: the registry of images, and their bytes in a store."""
