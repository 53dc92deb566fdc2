"""Where else an image's bytes are, beside the place that its own row names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCopy:
    """One row of `image_copies`; one that is not whole is being written, and not to be read."""

    image_id: str
    store: str
    location: str
    created_at: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    is_whole: int = 0
