"""Explanations as lines for people."""

from __future__ import annotations

from dcmview.model import Ignored, Repair
from dcmview.pixels.explain import Explanation, Step
from dcmview.rendering.explanation import explanation_text


def step(title, meaning, *, element="", value="", ranges=(None, None)):
    return Step("samples", title, element, value, meaning, *ranges, ())


def lines(*steps, repairs=(), ignored=()):
    return explanation_text(Explanation(steps, repairs, ignored)).splitlines()


def test_steps_are_counted_and_say_what_decided_them():
    decided = step("Window", "a ramp", element="(0028,1050) Window Center", value="40")
    assert lines(step("Padding", "none"), decided, step("Picture", "small", value="measured")) == [
        "1. Padding: none",
        "2. Window: a ramp",
        "   decided by (0028,1050) Window Center: 40",
        "3. Picture: small",
        "   measured",
    ]


def test_ranges_of_values_are_told_as_far_as_they_are_known():
    became = step("Modality", "x 2", ranges=((0.0, 100.0), (-0.5, 200.0)))
    assert lines(became)[1:] == ["   0 to 100 becomes -0.5 to 200"]
    assert lines(step("Samples", "", ranges=(None, (0.0, 7.0))))[1:] == ["   values 0 to 7"]
    assert lines(step("Samples", "", ranges=((0.0, 7.0), None)))[1:] == []


def test_what_was_mended_and_passed_over_comes_last():
    repairs = (
        Repair("a-code", "(0028,1051) Window Width", "0", "1"),
        Repair("other-code", "", "x", "y"),
    )
    ignored = (Ignored("(0028,1050) Window Center", "40", "it is a colour image"),)
    assert lines(step("Picture", "8 bits"), repairs=repairs, ignored=ignored)[1:] == [
        "mended (0028,1051) Window Width: 0; used: 1",
        "mended other-code: x; used: y",
        "passed over (0028,1050) Window Center: 40: it is a colour image",
    ]


def test_values_of_a_file_do_not_steer_a_terminal():
    (line,) = lines(step("Picture", "a\x1b[2Jb\nc\rd"))
    assert line == "1. Picture: a [2Jb c d"
