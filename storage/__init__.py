"""Bytes, blocks and rings: a library that knows nothing of services or the appliance."""
