"""Low-rank adapters on linear layers (LoRA, Hu et al. ICLR 2022, arXiv:2106.09685), by peft.

Beside every linear layer above the cut runs ``x -> B A x * alpha / r``; only A, B and the head are trained. Ours
differs: 1x1 convolutions count as the linear layers they are, so that convolutional networks can be adapted too; the
head starts fitted; and the adapters are folded into the weights afterwards: the result is a plain network.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Cut, Tap
from jeoni.errors import ConfigError, MissingExtra
from jeoni.features.examples import Context, Examples
from jeoni.imports import require
from jeoni.libraries import import_torchvision
from jeoni.models.model import Model
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup

__all__ = ["Lora"]

MARK = ".lora_"
PURPOSE = "The strategy lora"


@dataclass(frozen=True)
class Lora(Finetune):
    """Train low-rank adapters above the cut, and the head.

    Attributes:
        rank: r.
        alpha: what their output is scaled by, times r.
    """

    rank: int = 8
    alpha: float = 16.0

    def check(self) -> None:
        """Raise MissingExtra if peft is not installed."""
        require("peft", "peft", "lora", PURPOSE)

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """As in fine-tuning.

        Raises:
            ConfigError: no linear layer above the cut, or nothing to train at all.
        """
        needed = super().taps(backbone, n)
        frozen = self.frozen(backbone, n)
        modules = dict(backbone.network.named_modules())
        if not any(_is_linear(modules.get(name)) for name in _owners(backbone, frozen)):
            raise _no_linear_layer(backbone, frozen)
        return needed

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """The adapters are trained, and folded in at the end; see :meth:`Finetune.setup`.

        Raises:
            MissingExtra: peft is not installed.
        """
        _peft()

        def adapt(made: Cut) -> None:
            self._adapt(backbone, made, context.seed)

        config = FinetuneConfig(
            "Low-rank adapters",
            self.frozen(backbone, train.of),
            wanted=lambda name, owner: MARK in name,
            adapt=adapt,
            fold=lambda made: _fold(made.upper),
        )
        recipe = self.resolved(backbone, len(train), learning_rate=1e-3, depth_decay=1.0)
        return self._setup(backbone, context, recipe, config)

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Fit the head, then train the adapters, then fold them in.

        Raises:
            MissingExtra: peft is not installed.
            ConfigError: no linear layer above the cut.
        """
        model = super().fit(backbone, train, context)
        return replace(model, training={**model.training, "adapters": {"rank": self.rank, "alpha": self.alpha}})

    def _adapt(self, backbone: Backbone, made: Cut, seed: int) -> None:
        """Put an adapter beside every linear layer above the cut."""
        modules = dict(made.upper.named_modules())
        inside = made.inner
        owners = [inside + name for name in _owners(backbone, made.frozen)]
        linear = sorted(name for name in owners if _is_linear(modules.get(name)))
        if not linear:
            raise _no_linear_layer(backbone, made.frozen)
        config = _peft().LoraConfig(r=self.rank, lora_alpha=self.alpha, lora_dropout=0.0, target_modules=linear)
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about keeping adapters apart from the weights, which ours are not
            torch.manual_seed(seed)
            _peft().inject_adapter_in_model(config, made.upper)


def _owners(backbone: Backbone, frozen: int) -> set[str]:
    """The names of the modules above the cut that hold parameters of their own."""
    return {name.rpartition(".")[0] for stage in backbone.stages[frozen:] for name in stage.parameters}


def _no_linear_layer(backbone: Backbone, frozen: int) -> ConfigError:
    return ConfigError(
        f"{backbone.name} has no linear layer above stage {frozen}; freeze fewer stages (--frozen), or "
        "take --strategy finetune."
    )


def _peft() -> Any:
    import_torchvision()  # peft imports transformers, and that torchvision, whose operators are declared first
    try:
        import peft
    except ImportError as error:
        raise MissingExtra("peft", "lora", PURPOSE) from error
    return peft


def _is_linear(module: nn.Module | None) -> bool:
    if type(module) is nn.Linear:
        return True
    return type(module) is nn.Conv2d and module.kernel_size == (1, 1) and module.groups == 1


def _fold(upper: nn.Module) -> None:
    """Add what the adapters learned to the weights, and take them away."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(upper.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge()
            parent, _, own = name.rpartition(".")
            setattr(upper.get_submodule(parent), own, module.get_base_layer())
