"""OpenStack's own test suite, Tempest, unchanged, against a cloud of its own."""
