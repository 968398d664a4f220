from __future__ import annotations

import numpy as np
import pytest

import jeoni
from jeoni.explain import pictures
from jeoni.heads.linear import Linear
from jeoni.report import figures
from jeoni.runs import read_json
from tests.conftest import TINY


@pytest.fixture
def fit(make_photos, tmp_path):
    photos = make_photos()

    def fitted(name="run", **options):
        own = {"control": False, "folds": 2, "repeats": 2, **options}
        return jeoni.fit(photos, backbone=TINY, out=tmp_path / name, quiet=True, **own)

    return fitted


def files(run):
    return {str(f.relative_to(run)): f.read_bytes() for f in sorted((run / "figures").rglob("*")) if f.is_file()}


def test_a_second_fit_fits_no_heads_and_draws_no_pictures(fit, monkeypatch):
    first = fit("first")
    fits, own = [], Linear.fit
    monkeypatch.setattr(Linear, "fit", lambda self, *given: fits.append(1) or own(self, *given))
    monkeypatch.setattr(pictures, "place", lambda *given: pytest.fail("the map was made again"))
    monkeypatch.setattr(figures, "keep_figure", lambda *given: pytest.fail("a chart was drawn again"))
    second = fit("second")
    assert not fits
    assert second.metrics == first.metrics
    models = [(run / "model" / "model.safetensors").read_bytes() for run in (first.run, second.run)]
    assert models[0] == models[1]
    assert "figures/map.json" in files(first.run) and files(second.run) == files(first.run)
    assert (second.run / "report.html").stat().st_size == pytest.approx(
        (first.run / "report.html").stat().st_size, 0.01
    )


def test_other_folds_labels_or_heads_are_fitted(fit, monkeypatch):
    fit("first")
    fits, own = [], Linear.fit
    monkeypatch.setattr(Linear, "fit", lambda self, *given: fits.append(1) or own(self, *given))
    fit("second", seed=1)
    assert len(fits) == 2 * (2 * 2 + 1)  # on two stages


def test_without_pictures_the_report_has_none_and_the_same_scores(fit):
    run = fit("plain", pictures=False).run
    assert not any("map" in name or "thumbs" in name or "inside" in name for name in files(run))
    assert (run / "report.html").exists()
    assert np.isfinite(read_json(run / "metrics.json")["cv"]["accuracy"]["value"])
