"""The content of a model folder's ``config.json``: types and bounds of every field that is read.

The seal of a ``config.json`` is a checksum that anybody can compute, so its values are not to be trusted: nothing is
built, allocated or looped over before it has passed here. Fields that a later version adds are ignored.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from jeoni import plugins
from jeoni.data.kinds import composed
from jeoni.errors import WeightsError
from jeoni.modalities.bounds import Deviation, Digest, Fields, Record, Text, Width
from jeoni.modalities.inputs import INPUTS, input_class

__all__ = ["HEADLESS", "SavedConfig", "SavedHead", "parse_config"]

HEADLESS = 3  # the format of a folder that holds a backbone and no head

MOST_LAYERS = 10_000
MOST_VALUES = 100_000  # in the arguments of one architecture
MOST_NUMBER = 1 << 31
COUNTS = re.compile("layer|depth|stage|labels")
DEEPEST = 6

Name = Annotated[str, Field(min_length=1, max_length=1000)]
Stages = Annotated[int, Field(ge=0, le=MOST_LAYERS)]


class _Provenance(Fields):
    source: Text
    name: Text
    licence: Text
    sha256: Text
    url: Text = ""


class _Preferred(Fields):
    """How a backbone likes to be trained: some fields of a recipe."""

    steps: int | None = Field(default=None, ge=0, le=10_000_000)
    batch_size: int | None = Field(default=None, ge=0, le=100_000)
    views: int | None = Field(default=None, ge=0, le=1000)
    patience: int | None = Field(default=None, ge=0, le=100_000)
    learning_rate: float | None = Field(default=None, ge=0, le=100)
    head_learning_rate: float | None = Field(default=None, ge=0, le=100)
    depth_decay: float | None = Field(default=None, ge=0, le=1)
    weight_decay: float | None = Field(default=None, ge=0, le=100)
    warmup: float | None = Field(default=None, ge=0, lt=1)
    label_smoothing: float | None = Field(default=None, ge=0, lt=1)
    mixup: float | None = Field(default=None, ge=0, le=100)
    logit_adjustment: float | None = Field(default=None, ge=0, le=100)
    ema: float | None = Field(default=None, ge=0, lt=1)
    augment: Literal["auto", "none", "light", "strong", "medical", "scale"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"


class _Backbone(Record):
    name: Name
    library: str = Field(default="timm", pattern=r"^\w{1,100}$")
    preferred: _Preferred = _Preferred()
    architecture: str = Field(pattern=r"^[\w.\- ]{1,200}$")
    arguments: dict[str, Any]
    kind: str = "image"
    input: dict[str, Any]
    provenance: _Provenance

    @field_validator("arguments")
    @classmethod
    def _bounded(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        check_arguments(arguments)
        return arguments

    @model_validator(mode="after")
    def _input_of_its_kind(self) -> Self:
        known = plugins.names(INPUTS)
        if self.kind not in known:
            raise ValueError(f"kind is {self.kind!r}; known are {', '.join(known)}")
        input_class(self.kind).bounds.model_validate(self.input)
        return self


class _Cut(Record):
    frozen: Stages
    reuse: Stages
    dropped: Stages = 0
    statistics: Literal["", "own", "batch"] = ""
    beside: list[Stages] = Field(default=[], max_length=MOST_LAYERS)
    stages: list[Text] = Field(min_length=1, max_length=MOST_LAYERS)

    @model_validator(mode="after")
    def _within_its_stages(self) -> Self:
        n = len(self.stages)
        if self.frozen > n or self.reuse > n + self.dropped:
            raise ValueError(f"frozen is {self.frozen} and reuse {self.reuse}, of {n} stages")
        if self.beside and (self.beside != sorted(set(self.beside)) or self.beside[0] < 1 or self.beside[-1] != n):
            raise ValueError(f"beside is {self.beside}; needed are numbers of the {n} stages, the last one at the end")
        return self


class _Move(Fields):
    """One move of features: its kind, and what its module is made with."""

    kind: Literal["affine", "denoise", "near", "unit"]
    arguments: list[bool | Width | Deviation] = Field(min_length=1, max_length=3)


class _Mapped(Fields):
    described: list[_Move] = Field(max_length=100)
    dim: Width


class SavedHead(Record):
    """The head: its id, its size, and what was decided about it."""

    id: Name
    dim: Width
    choice: dict[str, Any] = Field(default={})
    mapped: _Mapped | None = None
    maps: list[list[Stages]] = Field(default=[], max_length=100)

    @field_validator("maps")
    @classmethod
    def _of_three_numbers(cls, maps: list[list[int]]) -> list[list[int]]:
        if any(len(one) != 3 for one in maps):
            raise ValueError("each of maps must be a stage, its channels and its stride")
        return maps


class _Weights(Record):
    # a plain name: the weights lie in the folder itself
    file: str = Field(pattern=r"^[A-Za-z0-9_\-][A-Za-z0-9_.\-]{0,200}$")
    sha256: Digest


class _Score(Record):
    model_config = ConfigDict(allow_inf_nan=True)

    value: float
    low: float
    high: float


class _Facts(Record):
    data: Text = ""
    summary: Text = ""
    how: Text = ""
    language: Text = "en"
    scores: dict[str, _Score] = Field(default={})


class SavedConfig(Record):
    """The fields of a ``config.json`` that are read."""

    format: int = 1
    backbone: _Backbone
    cut: _Cut
    head: SavedHead | None = None
    class_names: list[Text] = Field(default=[], max_length=1_000_000)
    task: dict[str, Any] = Field(default={})
    column: Text = ""
    annotations: Text = ""
    class_numbers: dict[Text, Annotated[int, Field(ge=0, le=MOST_NUMBER)]] = Field(default={}, max_length=1_000_000)
    weights: _Weights
    facts: dict[str, Any] = Field(default={})

    @field_validator("class_names")
    @classmethod
    def _distinct(cls, names: list[str]) -> list[str]:
        # folders written on a Mac, before names were put together, hold them with their letters in parts
        whole = [composed(name) for name in names]
        if len(set(whole)) < len(whole):
            raise ValueError("two classes have the same name")
        return whole

    @model_validator(mode="after")
    def _predicts_something(self) -> Self:
        if self.format == HEADLESS:
            if self.head or self.task or self.class_names:
                raise ValueError("a backbone without a head predicts nothing, but a head or a task is named")
            return self
        if not self.class_names and not self.task:
            raise ValueError("neither task nor class_names say what is predicted")
        return self

    @field_validator("facts")
    @classmethod
    def _shown_on_the_card(cls, facts: dict[str, Any]) -> dict[str, Any]:
        _Facts.model_validate(facts)
        return facts


class _WithHead(SavedConfig):
    """The same of a model that predicts."""

    head: SavedHead


def parse_config(raw: dict[str, Any], origin: str) -> SavedConfig:
    """The content of a ``config.json``, every field of its type and within its bounds.

    Raises:
        WeightsError: a field that is missing, of another type or out of bounds; the message names the first.
    """
    try:
        kind = SavedConfig if raw.get("format") == HEADLESS else _WithHead
        return kind.model_validate(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise WeightsError(
            f"{origin} cannot be used: {'.'.join(map(str, fault['loc']))}: {fault['msg']}. "
            "Needed: a model folder as jeoni wrote it. Copy it anew, or train the model again."
        ) from None
    except RecursionError:
        raise WeightsError(f"{origin} cannot be used: it is nested too deeply.") from None


def check_arguments(arguments: dict[str, Any]) -> None:
    """Raise a ValueError if what an architecture is made with is too much, too deep, or counts too far.

    Constructors make a list for a number of layers before any tensor is made, so such numbers are bounded here.
    """
    left = MOST_VALUES
    waiting: list[tuple[str, Any, int]] = [("arguments", arguments, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        left -= 1
        if left < 0 or depth > DEEPEST:
            raise ValueError(f"{name} holds too many values, or is nested too deeply")
        if isinstance(value, dict):
            waiting += [(key, inner, depth + 1) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(name, inner, depth + 1) for inner in value]
        most = MOST_LAYERS if COUNTS.search(name) else MOST_NUMBER
        if isinstance(value, int) and abs(value) > most:
            raise ValueError(f"{name} is {value:,}; it can be {most:,} at most")
