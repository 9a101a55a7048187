"""From shots to jobs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from videdit.batch.planning import NOTHING_THERE, Planner
from videdit.batch.scheduling import Schedule
from videdit.batch.selection import pieces_of
from videdit.prompts import Click
from videdit.shots import Shot, shots_from_cuts
from videdit.tracking.keys import digest
from videdit.tracking.stage import Pointed

COUNT = 90


def object_key(one: Pointed, part: Shot) -> str:
    return digest(one.object_id, part.start, part.stop, sorted(one.prompts))


def planner(chunk: int = 20, overlap: int = 5, **more: object) -> Planner:
    def none(frames: Shot) -> str:
        return ""

    def never(frames: Shot) -> bool:
        return False

    made = Planner("film", "common", "plain", object_key, none, never, {1, 2}, chunk, overlap, needs_objects=True)
    return replace(made, **more)  # type: ignore[arg-type]


def pointed(frames: set[int]) -> list[Pointed]:
    return [Pointed(1, "dog", {index: [Click(1, 1)] for index in frames})] if frames else []


cuts = st.sets(st.integers(1, COUNT - 1), max_size=6)
prompted = st.sets(st.integers(0, COUNT - 1), max_size=5)


@given(cuts, prompted, st.integers(1, 40), st.integers(0, 20))
def test_jobs_make_every_frame_once_and_look_beyond_no_cut(
    at: set[int], prompts: set[int], chunk: int, overlap: int
) -> None:
    shots = shots_from_cuts(at, COUNT)
    jobs = planner(chunk, overlap).jobs(pieces_of(shots, [Shot(0, COUNT)]), pointed(prompts))
    making = [job for job in jobs if job.kind != "track"]
    assert [index for job in making for index in job.frames] == list(range(COUNT))
    assert len({job.key for job in jobs}) == len(jobs)
    for job in jobs:
        shot = shots[job.number - 1]
        assert shot.start <= job.seen.start <= job.frames.start
        assert job.frames.stop <= job.seen.stop <= shot.stop
        if job.kind != "track":
            assert len(job.frames) <= chunk
        if job.kind == "render" and job.needs:
            assert job.seen.start == max(shot.start, job.frames.start - overlap)
            assert job.seen.stop == min(shot.stop, job.frames.stop + overlap)
    edited = {job.number for job in jobs if job.kind in ("edit", "track")}
    assert edited == {number for number, shot in enumerate(shots, 1) if any(index in shot for index in prompts)}


@given(cuts, prompted)
def test_a_prompt_changes_the_jobs_of_its_shot_alone(at: set[int], prompts: set[int]) -> None:
    pieces = pieces_of(shots_from_cuts(at, COUNT), [Shot(0, COUNT)])
    before = planner().jobs(pieces, pointed(prompts))
    after = planner().jobs(pieces, pointed(prompts ^ {45}))
    changed = {job.number for job in {*before} ^ {*after}}
    assert changed == {piece.number for piece in pieces if 45 in piece.frames}


def test_other_effects_leave_the_masks_of_long_shots_alone() -> None:
    pieces = pieces_of([Shot(0, COUNT)], [Shot(0, COUNT)])
    one, other = (planner(common=common).jobs(pieces, pointed({3})) for common in ("blur", "remove"))
    assert [job.kind for job in one] == ["track", *["render"] * 5]
    assert one[0].key == other[0].key
    assert not {job.key for job in one[1:]} & {job.key for job in other[1:]}


def test_where_nobody_pointed_the_film_passes_through_and_says_why() -> None:
    jobs = planner().jobs(pieces_of([Shot(0, 10), Shot(10, 20)], [Shot(0, 20)]), pointed({15}))
    assert [(job.kind, job.why) for job in jobs] == [("pass", NOTHING_THERE), ("edit", "")]


def test_a_shot_passes_through_in_which_there_are_only_objects_that_are_left_alone() -> None:
    pieces = pieces_of([Shot(0, 10), Shot(10, 20)], [Shot(0, 20)])
    objects = [*pointed({15}), Pointed(2, "cat", {3: [Click(1, 1)], 12: [Click(1, 1)]})]
    for seeks in (False, True):
        jobs = planner(chosen_ids={1}, seeks=seeks).jobs(pieces, objects)
        making = [(job.kind, job.why) for job in jobs if job.kind != "track"]
        assert making == ([("edit", "")] * 2 if seeks else [("pass", NOTHING_THERE), ("edit", "")])
    assert [job.kind for job in planner(chosen_ids={3}, seeks=True).jobs(pieces, objects)] == ["pass", "pass"]
    given = planner(chosen_ids={3}, given=lambda frames: frames.start == 10).jobs(pieces, objects)
    assert [job.kind for job in given] == ["pass", "edit"]


def test_effects_everywhere_need_no_object() -> None:
    jobs = planner(needs_objects=False).jobs(pieces_of([Shot(0, 10)], [Shot(0, 10)]), [])
    assert [job.kind for job in jobs] == ["render"]


@given(cuts, prompted, prompted, st.sets(st.integers(0, 20)), st.integers(5, 40))
def test_what_is_looked_for_waits_for_where_it_was_pointed_at_and_nothing_waits_in_a_circle(
    at: set[int], dog: set[int], cat: set[int], unchosen: set[int], chunk: int
) -> None:
    shots = shots_from_cuts(at, COUNT)
    pieces = [replace(one, chosen=one.number not in unchosen) for one in pieces_of(shots, [Shot(0, COUNT)])]
    objects = [Pointed(1, "dog", {index: [Click(1, 1)] for index in dog})] if dog else []
    objects += [Pointed(2, "cat", {index: [Click(1, 1)] for index in cat})] if cat else []
    jobs = planner(chunk, seeks=True).jobs(pieces, objects)
    making = [job for job in jobs if job.kind != "track"]
    assert sorted(index for job in making for index in job.frames) == list(range(COUNT))
    assert len({job.key for job in jobs}) == len(jobs)
    schedule = Schedule(jobs)
    done = set()
    while (job := schedule.next()) is not None:
        assert done >= {*job.needs}
        done.add(job.key)
        schedule.done(job)
    assert len(done) == len(jobs)
    for job in jobs:
        if job.kind == "edit" and job.needs:
            missing = [one for one in objects if not any(index in job.seen for index in one.prompts)]
            assert missing
            needed = [one for one in jobs if one.key in job.needs]
            assert all(any(index in one.seen for one in needed for index in some.prompts) for some in missing)


def test_a_failure_takes_out_all_that_waits_for_it() -> None:
    jobs = planner(seeks=True).jobs(pieces_of([Shot(0, 10), Shot(10, 60)], [Shot(0, 60)]), pointed({2}))
    assert [(job.kind, len(job.needs)) for job in jobs] == [("edit", 0), ("track", 1), *[("render", 1)] * 3]
    schedule = Schedule(jobs)
    first = schedule.next()
    assert first == jobs[0]
    assert {*schedule.drop_after(jobs[0])} == {*jobs[1:]}
    assert len(schedule) == 0


def test_masks_that_are_there_already_are_edited_by() -> None:
    def given(frames: Shot) -> str:
        return "face" if 12 in frames else ""

    pieces = pieces_of([Shot(0, 10), Shot(10, 40)], [Shot(0, 40)])
    jobs = planner(given_key=given, given=lambda frames: bool(given(frames)), overlap=0).jobs(pieces, [])
    assert [(job.kind, len(job.frames), job.needs) for job in jobs] == [
        ("pass", 10, ()), ("render", 15, ()), ("render", 15, ()),
    ]  # fmt: skip


def test_longest_first_and_masks_before_pictures() -> None:
    shots = [Shot(0, 10), Shot(10, 60), Shot(60, 78)]
    jobs = planner().jobs(pieces_of(shots, [Shot(0, 78)]), pointed({2, 30, 70}))
    schedule = Schedule(jobs)
    begun = []
    while (job := schedule.next()) is not None:
        begun.append(job)
    assert [(job.kind, len(job.frames)) for job in begun] == [("track", 50), ("edit", 18), ("edit", 10)]
    schedule.done(begun[0])
    assert schedule.next() is not None
    assert len(schedule) == 2
