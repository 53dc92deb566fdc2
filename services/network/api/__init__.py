"""What a request may ask of networking: policy, then quota, then rows, then a message.

Rules and networks are only rows here; each host's network worker makes them so when its topic is
rung. Imports no driver.
"""

from services.network.bootstrap import bootstrap

__all__ = ["bootstrap"]
