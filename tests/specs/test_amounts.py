from __future__ import annotations

import pytest

from jeoni.errors import ConfigError
from jeoni.specs import CompareSpec, FitSpec, PretrainSpec
from jeoni.specs.amounts import parse_duration, parse_size, write_duration, write_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("10min", 600), ("2h", 7200), ("1h30m", 5400), ("1H 5s", 3605), ("0.5h", 1800)],
)
def test_durations_are_read_as_people_write_them(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["10", "ten minutes", "0s", "-5m", "5m1h", "", " ", "1e3s", "10 mb"])
def test_what_is_no_duration_is_told_with_examples(text):
    with pytest.raises(ConfigError, match=r"budget is '.*'; a duration with its unit is needed, such as 90s, 10m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("500MB", 5e8), ("5GB", 5e9), ("1.5 gb", 1.5e9), ("2T", 2e12), ("80kb", 8e4)]
)
def test_sizes_are_read_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["5", "GB", "0GB", "-1GB", "five GB"])
def test_what_is_no_size_is_told_with_examples(text):
    with pytest.raises(ConfigError, match=r"disk is '.*'; a size with its unit is needed, such as 500MB or 5GB"):
        parse_size(text)


@pytest.mark.parametrize("seconds", [0.2, 1, 59.5, 60, 61, 3599, 3600, 4000, 90_000])
def test_a_written_duration_is_read_again_and_never_shorter(seconds):
    assert seconds <= parse_duration(write_duration(seconds)) <= max(seconds + 60, 1.0)


@pytest.mark.parametrize("size", [1, 999, 1234, 5_000_001, 999_999_999, 7.77e12])
def test_a_written_size_is_read_again_and_never_smaller(size):
    assert size <= parse_size(write_size(size)) <= max(1.02 * size, 1000)


def test_the_options_are_checked_when_they_are_made():
    assert FitSpec(budget="90s", disk="1GB").budget_s == 90 and FitSpec(disk="1GB").disk_bytes == 10**9
    assert FitSpec().budget_s is None and FitSpec().disk_bytes is None
    for kind in (FitSpec, CompareSpec, PretrainSpec):
        with pytest.raises(ConfigError, match="budget is 'soon'"):
            kind(budget="soon")
    with pytest.raises(ConfigError, match="disk is 'much'"):
        FitSpec(disk="much")
