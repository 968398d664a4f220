"""Several methods in one run: what is refused, and whose model is kept."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jeoni.adaptation.several import choose
from jeoni.adaptation.transfer import asked_methods
from jeoni.errors import ConfigError
from jeoni.specs import AdaptSpec


def test_methods_keep_the_order_in_which_they_were_named():
    assert list(asked_methods(AdaptSpec(method="dann, coral,source_only"), None)) == ["dann", "coral", "source_only"]
    assert list(asked_methods(AdaptSpec(), None)) == ["auto"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "coral,auto"}, "method is 'coral,auto'; auto chooses by itself. Name it alone"),
        ({"method": "coral,corall"}, "'corall' is no method of adaptation. Did you mean coral"),
        ({"method": "coral,tca", "set": "reg=1"}, "set is 'reg=1'; several methods have several settings"),
        ({"method": "coral,msda", "steps": 10}, "steps is 10; msda trains no stages"),
    ],
)
def test_what_has_no_effect_on_any_of_them_is_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        asked_methods(AdaptSpec(**options), None)


def test_an_option_that_one_of_them_uses_is_taken():
    assert list(asked_methods(AdaptSpec(method="coral,dann", steps=10), None)) == ["coral", "dann"]


@pytest.mark.parametrize("method", ["", ",", "coral,coral"])
def test_a_list_names_different_methods(method):
    with pytest.raises(ConfigError, match="one is needed, or different ones with commas between"):
        AdaptSpec(method=method)


def test_a_model_in_the_place_of_the_source_suits_all_or_none():
    start = SimpleNamespace(statistics="pretrained")
    with pytest.raises(ConfigError, match="coral needs the source's examples"):
        asked_methods(AdaptSpec(method="shot,coral"), start)


def test_the_one_that_the_validators_trust_is_kept_and_else_the_first():
    founds = dict.fromkeys(["dann", "coral", "msda"])
    chosen, why = choose(founds, "msda")
    assert chosen == "msda" and "see no target label, trust it most" in why
    chosen, why = choose(founds, "")
    assert chosen == "dann" and "the first that was named" in why
