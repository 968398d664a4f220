"""How things are written on a page."""

from __future__ import annotations

from jeoni.report.formats import options_whole


def test_no_line_ends_within_an_option_and_the_rest_is_escaped():
    written = options_whole("Within --budget 10m; <b> and --label-column wait -- so do well-known words.")
    assert written == (
        'Within <span class="option">--budget</span> 10m; &lt;b&gt; and '
        '<span class="option">--label-column</span> wait -- so do well-known words.'
    )
