"""Training material: pictures with segments, objects, motion."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.material import (
    Film,
    SegmentedPicture,
    cast_shadow,
    choose_object,
    compress,
    generate,
    grain,
    lay,
    motion_blur,
    random_motion,
    read_pictures,
    without,
)
from training.material.deform import affine
from training.material.objects import neighbours, on_border


def quarters() -> SegmentedPicture:
    segments = np.ones((40, 60), np.uint16)
    segments[:20, 30:] = 2
    segments[20:, :30] = 3
    segments[20:, 30:] = 4
    rgb = np.repeat((segments * 50).astype(np.uint8)[..., None], 3, axis=2)
    return SegmentedPicture("quarters", rgb, segments)


def test_sizes_of_pixels_and_segments_agree():
    with pytest.raises(ValueError, match="segments"):
        SegmentedPicture("odd", np.zeros((4, 4, 3), np.uint8), np.ones((4, 5), np.uint16))


def test_stills_are_read_with_positive_labels(tmp_path):
    for folder in ("images", "segments"):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(tmp_path / "images/a.jpg"), np.full((8, 12, 3), (250, 10, 10), np.uint8))
    cv2.imwrite(str(tmp_path / "segments/a.png"), np.repeat([[0], [1]], 12, axis=1).repeat(4, axis=0).astype(np.uint8))
    (picture,) = read_pictures("stills", tmp_path)
    assert picture.name == "a"
    assert set(np.unique(picture.segments)) == {1, 2}
    assert picture.rgb[0, 0, 2] > 200


def test_frames_of_davis_have_the_true_mask_as_a_whole_object(tmp_path):
    for kind in ("JPEGImages", "Annotations"):
        (tmp_path / kind / "480p/goat").mkdir(parents=True)
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 20:40] = 255
    for number in range(8):
        cv2.imwrite(str(tmp_path / f"JPEGImages/480p/goat/{number:05}.jpg"), np.dstack([mask // 2] * 3))
        cv2.imwrite(str(tmp_path / f"Annotations/480p/goat/{number:05}.png"), mask)
    pictures = read_pictures("davis", tmp_path, sequences=["goat"])
    assert [one.name for one in pictures] == ["goat/00000", "goat/00006"]
    assert pictures[0].objects == (1,)
    np.testing.assert_array_equal(pictures[0].segments == 1, mask > 0)
    with pytest.raises(FileNotFoundError):
        read_pictures("davis", tmp_path, sequences=["sheep"])


def test_generated_pictures_follow_their_seed():
    one, again, other = generate(3), generate(3), generate(4)
    np.testing.assert_array_equal(one.rgb, again.rgb)
    np.testing.assert_array_equal(one.segments, again.segments)
    assert (one.segments != other.segments).any()
    assert set(one.objects) == set(np.unique(one.segments)) - {1}


def test_an_object_is_a_segment_with_neighbours_within_the_limits():
    picture, random = quarters(), np.random.default_rng(0)
    sizes = {round(float(choose_object(picture, random, (0.2, 0.8)).mean()), 2) for _ in range(40)}
    assert sizes == {0.25, 0.5, 0.75}
    assert choose_object(picture, random, (0.01, 0.2)) is None


def test_neighbours_touch_from_outside():
    picture = quarters()
    assert set(neighbours(picture.segments, picture.segments == 1)) == {2, 3, 4}


def test_share_on_the_border():
    mask = np.zeros((20, 20), bool)
    mask[5:15, 5:15] = True
    assert on_border(mask) == 0
    mask[:, :10] = True
    assert on_border(mask) > 0.5


def test_motion_brings_a_point_to_its_place():
    alpha = np.zeros((50, 80), np.float32)
    alpha[20:25, 30:35] = 1
    moved = affine((60, 60), centre=(32, 22), to=(10, 40), scale=2.0).mask(alpha)
    ys, xs = np.nonzero(moved > 0.5)
    assert (round(xs.mean()), round(ys.mean())) == (10, 40)
    assert moved.sum() == pytest.approx(4 * alpha.sum(), rel=0.1)


def test_pixels_and_mask_move_alike():
    random = np.random.default_rng(5)
    alpha = np.zeros((64, 64), np.float32)
    alpha[20:40, 20:44] = 1
    motion = random_motion(random, (64, 64), (32, 30), (30, 34), 1.1, 1.0)
    painted = motion.pixels((alpha * 255).astype(np.uint8), cv2.BORDER_CONSTANT)
    np.testing.assert_allclose(painted / 255, motion.mask(alpha), atol=0.02)


def test_laying_keeps_what_alpha_excludes():
    ground, thing = np.full((6, 6, 3), 30, np.uint8), np.full((6, 6, 3), 200, np.uint8)
    alpha = np.zeros((6, 6), np.float32)
    alpha[2:4, 2:4] = 1
    laid = lay(ground, thing, alpha)
    assert (laid[2:4, 2:4] == 200).all()
    assert (laid[alpha == 0] == 30).all()


def test_an_object_is_taken_out_of_its_picture():
    rgb = np.full((80, 80, 3), 60, np.uint8)
    mask = np.zeros((80, 80), bool)
    mask[30:50, 30:50] = True
    rgb[mask] = 220
    assert without(rgb, mask)[mask].max() < 75


def test_what_a_camera_adds_keeps_the_mean():
    random = np.random.default_rng(1)
    rgb = random.integers(60, 180, (32, 48, 3)).astype(np.uint8)
    for changed in (motion_blur(rgb, (7.0, 2.0)), compress(rgb, 60), grain(rgb, random, 4.0)):
        assert changed.shape == rgb.shape
        assert (changed != rgb).any()
        assert changed.mean() == pytest.approx(rgb.mean(), abs=4)


def test_a_shadow_darkens_beside_the_object():
    rgb = np.full((40, 40, 3), 100, np.uint8)
    alpha = np.zeros((40, 40), np.float32)
    alpha[10:20, 10:20] = 1
    dark = cast_shadow(rgb, alpha, (8.0, 10.0), 1.0, 0.5)
    assert dark.min() < 60
    assert dark[0, 0, 0] == 100


def test_a_sequence_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Film.of_davis(tmp_path, "nowhere")
