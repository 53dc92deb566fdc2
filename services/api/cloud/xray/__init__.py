"""X-ray: one object and all that it is made of, each part held against what the host really has."""

from services.api.cloud.xray.xray import KINDS, Xray

__all__ = ["KINDS", "Xray"]
