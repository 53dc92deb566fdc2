"""Blocks: pools that keep volumes, and exports through which guests have them."""
