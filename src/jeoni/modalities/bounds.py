"""Types and bounds of an input's fields, as the ``config.json`` of a saved model may state them.

Anybody can write such a file, so nothing is built from it before its values have passed such a record.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["AudioFields", "Deviation", "Digest", "Fields", "Record", "Side", "Text", "Width"]

MOST_SAMPLES = 1 << 25  # of one example of audio

Text = Annotated[str, Field(max_length=10_000)]
Width = Annotated[int, Field(ge=1, le=1 << 24)]
Side = Annotated[int, Field(ge=1, le=2048)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Deviation = Annotated[float, Field(gt=0)]


class Record(BaseModel):
    """Fields of exact types; those that a later version adds are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class Fields(Record):
    """Fields that go to a constructor as they are: no others may come."""

    model_config = ConfigDict(extra="forbid")


class AudioFields(Fields):
    """The fields that all inputs of audio have."""

    rate: int = Field(ge=100, le=400_000)
    seconds: float = Field(gt=0, le=3600)
    part: str = Field(default="middle", pattern="^middle$")

    @model_validator(mode="after")
    def _fits_into_memory(self) -> Self:
        if not 1 <= self.rate * self.seconds <= MOST_SAMPLES:
            raise ValueError(f"rate times seconds must lie between 1 and {MOST_SAMPLES:,} samples")
        return self
