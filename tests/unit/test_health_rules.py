"""Which picture shows which fault, which cannot say, and how a camera's own thresholds are written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.health_measures import Colour, Edges, Light, Likeness, Shift, Stillness
from streams.health_rules import DELAYS, EDGED, Fault, Look, Measures, Thresholds, Usual, still_limit, verdicts

LIMITS = Thresholds()
USUAL = Usual(grain=1.0, acuity=0.9, sharpness=500.0, match=0.9, neutral=3.0, number=100, edged=100, span=600.0)
LIGHT, EDGES = Light(120.0, 50.0, 1.0, 0.0), Edges(500.0, 0.9, 0.8)
SOUND = Measures(
    LIGHT, EDGES, Stillness(1.2, 1.0, 0.8), Likeness(0.9, 0.0, 0.05), None, Colour(0.0, 0.0, 3.0), 0.0
)  # fmt: skip


def shown(measures: Measures, usual: Usual = USUAL, limits: Thresholds = LIMITS) -> set[Fault]:
    return {fault for fault, wrong in verdicts(Look(measures, usual, limits)).items() if wrong}


def unsaid(measures: Measures, usual: Usual = USUAL) -> set[Fault]:
    return {fault for fault, wrong in verdicts(Look(measures, usual, LIMITS)).items() if wrong is None}


def test_a_lit_street_by_night_is_not_dark_though_its_mean_is() -> None:
    assert shown(replace(SOUND, light=Light(22.0, 40.0, 0.4, 0.0))) == set()
    assert shown(replace(SOUND, light=Light(22.0, 6.0, 0.05, 0.0))) == {Fault.DARK}


def test_a_dark_picture_that_holds_structure_is_dark_and_not_black() -> None:
    measures = replace(SOUND, light=Light(15.0, 6.0, 0.0, 0.0))
    assert shown(measures) == {Fault.DARK}
    assert Fault.BLACK in shown(replace(measures, edges=replace(EDGES, texture=0.02)))


@pytest.mark.parametrize("light", [Light(10.0, 2.0, 0.0, 0.0), Light(250.0, 5.0, 1.0, 0.9)], ids=["black", "white"])
def test_a_picture_without_light_or_full_of_it_says_nothing_about_the_scene(light: Light) -> None:
    measures = replace(SOUND, light=light, edges=replace(EDGES, texture=0.0))
    assert {Fault.COVERED, Fault.MOVED, Fault.BLURRED, Fault.CAST, Fault.FROZEN} <= unsaid(measures)


def test_an_empty_road_of_little_contrast_is_not_covered() -> None:
    plain = replace(SOUND, light=Light(114.0, 12.0, 1.0, 0.0), edges=Edges(60.0, 0.9, 0.24))
    assert shown(plain) == set()


def test_a_white_sky_that_is_always_there_is_not_too_bright() -> None:
    sky = replace(SOUND, light=Light(150.0, 60.0, 1.0, 0.4))
    assert shown(sky) == {Fault.BRIGHT}
    assert shown(sky, replace(USUAL, blown=0.3)) == set()


def test_another_scene_is_moved_but_a_crowd_before_the_usual_one_is_not() -> None:
    crowd = replace(SOUND, likeness=Likeness(0.5, 0.0, 0.4), shift=Shift(0.0, 0.0, 0.0))
    elsewhere = replace(SOUND, likeness=Likeness(0.1, 0.1, 0.6), shift=Shift(0.0, 0.0, 0.0))
    displaced = replace(crowd, shift=Shift(0.04, 0.0, 0.04))
    turned = replace(crowd, shift=Shift(0.0, 0.0, 0.012))
    assert shown(crowd) == set()
    assert shown(elsewhere) == shown(displaced) == shown(turned) == {Fault.MOVED}


def test_a_view_that_never_matches_itself_is_neither_moved_nor_covered() -> None:
    montage = replace(USUAL, match=0.2)
    assert shown(replace(SOUND, likeness=Likeness(0.05, 0.6, 0.4)), montage) == set()


def test_only_a_covered_view_is_covered_while_nothing_is_known_yet() -> None:
    plain = replace(SOUND, edges=Edges(1.0, None, 0.0), likeness=None)
    assert shown(plain, Usual()) == {Fault.COVERED}
    assert shown(SOUND, Usual()) == set()
    assert {Fault.MOVED, Fault.BLURRED} <= unsaid(SOUND, Usual())


def test_warm_light_is_allowed_twice_the_cast() -> None:
    for blue, red, wrong in ((14.0, 14.0, True), (-14.0, 10.0, False), (-30.0, 20.0, True)):
        tinted = replace(SOUND, colour=Colour(blue, red, (blue**2 + red**2) ** 0.5))
        assert (shown(tinted) == {Fault.CAST}) is wrong


def test_without_colour_no_cast_is_judged() -> None:
    assert Fault.CAST in unsaid(replace(SOUND, colour=None))


def test_snow_is_a_covered_view() -> None:
    snow = replace(SOUND, edges=Edges(40_000.0, 0.9, 0.0), likeness=Likeness(0.0, 0.1, 0.9))
    assert shown(snow) == {Fault.COVERED}


def test_the_limit_of_stillness_follows_the_cameras_own_noise_within_bounds() -> None:
    assert still_limit(Usual(), LIMITS) == LIMITS.still_floor
    assert still_limit(Usual(grain=0.4), LIMITS) == pytest.approx(0.14)
    assert still_limit(Usual(grain=9.0), LIMITS) == LIMITS.still_cap


def test_a_calm_scene_with_its_noise_is_not_frozen() -> None:
    calm = replace(SOUND, stillness=Stillness(0.5, 0.5, 0.99))
    assert shown(calm, replace(USUAL, grain=0.5)) == set()
    assert shown(replace(SOUND, stillness=Stillness(0.02, 0.0, 1.0)), replace(USUAL, grain=0.5)) == {Fault.FROZEN}


def test_what_is_switched_off_is_not_judged() -> None:
    elsewhere = replace(SOUND, likeness=Likeness(0.1, 0.1, 0.6))
    assert shown(elsewhere, limits=LIMITS.adjusted({"off": ["moved"]})) == set()


def test_a_cameras_own_thresholds_replace_the_usual_ones() -> None:
    own = LIMITS.adjusted(
        {"dark_below": 20, "off": ["moved"], "raise_after": {"black": 45}, "clear_after": {"cast": 9}}
    )
    assert (own.dark_below, own.bright_above) == (20.0, LIMITS.bright_above)
    assert own.off == {Fault.MOVED}
    assert own.delays[Fault.BLACK].raise_after == 45.0
    assert own.delays[Fault.BLACK].clear_after == DELAYS[Fault.BLACK].clear_after
    assert own.delays[Fault.CAST].clear_after == 9.0
    assert LIMITS.delays == DELAYS and LIMITS.adjusted({}) == LIMITS


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"brightness": 3}, "'brightness'"),
        ({"dark_below": "low"}, "'low'"),
        ({"dark_below": -1}, "-1"),
        ({"dark_below": True}, "True"),
        ({"dark_below": float("nan")}, "nan"),
        ({"off": ["sleepy"]}, "sleepy"),
        ({"off": "moved"}, "moved"),
        ({"raise_after": {"sleepy": 3}}, "sleepy"),
        ({"raise_after": {"black": 0}}, "black"),
        ({"raise_after": 30}, "30"),
        ({"unseen": []}, "unseen"),
    ],
)
def test_a_wrong_threshold_is_refused_by_name(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=r"must|is one of") as refusal:
        LIMITS.adjusted(changes)
    assert told in str(refusal.value)


def test_the_figures_of_a_picture_are_plain_numbers_by_name() -> None:
    assert SOUND.figures() == {
        "loss": 0.0, "brightness": 120.0, "contrast": 50.0, "blown": 0.0, "sharpness": 500.0, "acuity": 0.9,
        "texture": 0.8, "grain": 1.0, "alike": 0.8, "match": 0.9, "lost": 0.0, "shift": 0.0, "neutral": 3.0,
    }  # fmt: skip
    assert Measures().figures() == {}


def test_blur_is_not_judged_by_the_one_picture_with_edges_of_a_whole_night() -> None:
    """A carried camera by infra-red showed an edge once in six thousand pictures: nothing is usual after that."""
    assert Fault.BLURRED in unsaid(SOUND, replace(USUAL, edged=EDGED - 1))
    assert Fault.BLURRED not in unsaid(SOUND, replace(USUAL, edged=EDGED))
