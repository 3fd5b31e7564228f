"""Stacks of planes: distances, gaps, uneven spacing and tilt, with numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dcmview.errors import InvalidGeometry
from dcmview.geometry.stack import (
    Gap,
    describe,
    distances_along,
    group_near,
    group_positions,
    measure_stack,
    same_position_mm,
)

AXIAL = (1, 0, 0, 0, 1, 0)


def along_z(*heights: float) -> list[tuple[float, float, float]]:
    return [(-100.0, -80.0, height) for height in heights]


def test_even_slices_have_no_findings() -> None:
    measure = measure_stack(AXIAL, along_z(10, 12.5, 15, 17.5))
    assert measure.distances_mm == (0, 2.5, 5, 7.5)
    assert measure.spacing_mm == 2.5
    assert measure.is_even
    assert describe(measure) == ()


def test_slices_against_the_normal_have_negative_distances() -> None:
    measure = measure_stack(AXIAL, along_z(30, 25, 20))
    assert measure.distances_mm == (0, -5, -10)
    assert measure.spacing_mm == 5


def test_distance_of_oblique_planes_is_along_their_normal() -> None:
    # Turned by 60 degrees around x: normal (0, -sin 60, cos 60). Moved by 4 mm along z alone,
    # planes are 4 * cos 60 = 2 mm apart.
    turned = (1, 0, 0, 0, 0.5, math.sqrt(3) / 2)
    assert distances_along(turned, along_z(0, 4, 8)) - distances_along(
        turned, along_z(0)
    ) == pytest.approx(np.array([0, 2, 4]))


def test_one_missing_slice_is_found_where_it_is() -> None:
    measure = measure_stack(AXIAL, along_z(0, 5, 10, 20, 25))
    assert measure.spacing_mm == 5
    assert measure.gaps == (Gap(after=2, width_mm=10, missing=1),)
    assert not measure.is_even
    (finding,) = describe(measure)
    assert finding.code == "missing-slices"
    assert finding.words == "1 slice is missing after slice 3 (10 mm instead of 5 mm)"


def test_a_missing_slice_of_three_is_found() -> None:
    measure = measure_stack(AXIAL, along_z(0, 5, 15))
    assert measure.gaps == (Gap(after=1, width_mm=10, missing=1),)


def test_several_gaps_are_counted() -> None:
    heights = [height for height in range(0, 60, 2) if height not in (10, 12, 40)]
    (finding,) = describe(measure_stack(AXIAL, along_z(*heights)))
    assert finding.words == (
        "3 slices are missing at 2 places, the first after slice 5 (6 mm instead of 2 mm)"
    )


def test_two_spacings_in_one_stack_are_uneven_not_full_of_gaps() -> None:
    (finding,) = describe(measure_stack(AXIAL, along_z(0, 1, 2, 3, 4, 9, 14, 19)))
    assert finding.code == "uneven-spacing"
    assert finding.words == "Slices are unevenly spaced, 1 to 5 mm apart"


def test_small_differences_beyond_rounding_are_uneven() -> None:
    (finding,) = describe(measure_stack(AXIAL, along_z(0, 1, 2, 3.2, 4.2)))
    assert finding.words == "Slices are unevenly spaced, 1 to 1.2 mm apart"


def test_rounded_positions_are_even() -> None:
    # 0.6 mm written with two decimals less than needed: steps of 0.63 and 0.62.
    measure = measure_stack(AXIAL, along_z(0, 0.63, 1.25, 1.88, 2.50))
    assert measure.is_even


def test_a_gap_beside_uneven_slices_names_both() -> None:
    heights = [0, 1, 2, 3, 4.2, 5.2, 6.2, 7.2, 8.2, 12.2, 13.2, 14.2]
    codes = [finding.code for finding in describe(measure_stack(AXIAL, along_z(*heights)))]
    assert codes == ["missing-slices", "uneven-spacing"]


def test_tilted_gantry_is_measured_from_the_line_of_origins() -> None:
    # Planes tilted by 20 degrees around x; the table moves 5 mm along z from slice to slice.
    tilt = math.radians(20)
    orientation = (1, 0, 0, 0, math.cos(tilt), math.sin(tilt))
    measure = measure_stack(orientation, along_z(0, 5, 10, 15))
    assert measure.tilt_deg == pytest.approx(20)
    # Along the normal slices are 5 * cos 20 apart.
    assert measure.spacing_mm == pytest.approx(4.698463104)
    (finding,) = describe(measure)
    assert finding.words == "Slices are sheared by 20.0°, as with a tilted gantry"


def test_oblique_planes_stacked_along_their_normal_are_not_tilted() -> None:
    tilt = math.radians(20)
    orientation = (1, 0, 0, 0, math.cos(tilt), math.sin(tilt))
    normal = np.array([0, -math.sin(tilt), math.cos(tilt)])
    measure = measure_stack(orientation, np.array([7, 8, 9]) + np.outer(np.arange(5) * 3.0, normal))
    assert measure.tilt_deg == 0
    assert describe(measure) == ()


def test_origins_that_wander_are_shifted_not_tilted() -> None:
    places = [(0.0, 0.0, 0.0), (3.0, 0.0, 5.0), (-2.0, 0.0, 10.0), (0.0, 0.0, 15.0)]
    measure = measure_stack(AXIAL, places)
    assert measure.tilt_deg == 0
    (finding,) = describe(measure)
    assert finding.words == "Slices are shifted against each other by up to 3 mm"


def test_one_plane_has_no_spacing() -> None:
    measure = measure_stack(AXIAL, along_z(3))
    assert (measure.distances_mm, measure.spacing_mm, measure.is_even) == ((0,), None, True)


@pytest.mark.parametrize(
    "places", [along_z(0, 1, 1), along_z(0, 2, 1), [(0.0, 0.0)], [(0.0, 0.0, float("nan"))], []]
)
def test_planes_that_are_no_stack_are_refused(places: list[tuple[float, ...]]) -> None:
    with pytest.raises(InvalidGeometry):
        measure_stack(AXIAL, places)


def test_same_positions_are_grouped_in_order() -> None:
    groups = group_near([7.5, 0.0, 7.5001, 2.5, 0.0049, 0.0], 0.01)
    assert groups.tolist() == [2, 0, 2, 1, 0, 0]


def test_volumes_that_wander_a_little_share_their_positions() -> None:
    # Three volumes of slices 3 mm apart, the second 0.1 and the third 0.25 mm higher.
    heights = [3.0 * n + shift for shift in (0.0, 0.1, 0.25) for n in range(4)]
    groups, wandering_mm = group_positions(heights, 0.01)
    assert groups.tolist() == [0, 1, 2, 3] * 3
    assert wandering_mm == pytest.approx(0.25)


def test_volumes_that_lie_between_each_other_do_not_share_positions() -> None:
    heights = [3.0 * n + shift for shift in (0.0, 0.5) for n in range(4)]
    groups, wandering_mm = group_positions(heights, 0.01)
    assert groups.tolist() == [0, 2, 4, 6, 1, 3, 5, 7]
    assert wandering_mm == 0


def test_two_thin_slices_among_thick_ones_keep_their_positions() -> None:
    groups, _ = group_positions([0.0, 10.0, 10.2, 20.0, 30.0], 0.01)
    assert groups.tolist() == [0, 1, 2, 3, 4]


def test_slices_of_a_micro_scanner_are_not_one_position() -> None:
    # Voxels of 9 micrometres: 0.05 * 0.009 mm.
    assert same_position_mm(0.009) == pytest.approx(0.00045)
    assert group_near([0.0, 0.009, 0.018], same_position_mm(0.009)).tolist() == [0, 1, 2]
    assert same_position_mm(0.5) == same_position_mm(None) == 0.01
