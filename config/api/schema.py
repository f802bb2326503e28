"""What the OpenAPI document says beyond what the code can be asked."""

from typing import Any


def normalize(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    return result
