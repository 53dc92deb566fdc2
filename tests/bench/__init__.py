"""Measurements: each compares in one run with a peer or the physical floor, by medians."""
