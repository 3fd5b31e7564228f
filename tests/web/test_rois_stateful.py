"""Two pages and a script edit one file in any order, against a model of what must come of it.

Beside what they edit there is a prediction, which nobody can.
"""

from __future__ import annotations

import itertools
import json
import shutil
import signal

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pydicom.data import get_testdata_file
from support.rois import rois
from support.server import Answer, ServerProcess

ADDRESS = "/api/file/0/rois"
PREDICTED = "box-1"
PAGES = st.integers(0, 1)
DRAWN = rois(columns=128, rows=128).map(
    lambda roi: msgspec.json.decode(msgspec.json.encode(msgspec.structs.replace(roi, frames="all")))
)
BOXES = st.lists(
    st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(61, 128)] * 2).map(list), max_size=3
)


METHODS = st.sampled_from(["PATCH", "BULK"])


def own(state):
    """The ROIs of a file that can be edited."""
    *edited, predicted = state["rois"]
    assert (predicted["id"], state["read_only"]) == (PREDICTED, [PREDICTED])
    return edited


def marks(server):
    """All marks of triage."""
    return [(each["mark"], each["note"]) for each in server.get("/api/triage").json["marks"]]


class Editing(RuleBasedStateMachine):
    """Each page remembers what it saw last, and what it could undo."""

    server: ServerProcess
    final: tuple[list[dict[str, object]], list[tuple[str, str]]]

    def __init__(self):
        super().__init__()
        self.ids = (f"i{number}" for number in itertools.count())
        self.model = []
        self.edits = 0
        answer = self.send("PUT", {"rois": []}, "*")
        self.mark(None, "")
        self.seen = [(0, answer.json["revision"], [])] * 2
        self.undo = [[], []]

    def send(self, method, body, match):
        return self.server.request(method, ADDRESS, body, {"If-Match": match})

    def send_in_bulk(self, operations, revision):
        edit = {"index": 0, "revision": revision, "operations": operations}
        answer = self.server.request("PATCH", "/api/rois", {"files": [edit]})
        assert answer.status == 200
        (outcome,) = answer.json["files"]
        return Answer(outcome["status"], {}, json.dumps(outcome).encode())

    def edit(self, page, method, body, expected):
        """Send an edit that builds on what a page saw, and hold the answer against the model."""
        edits, revision, _ = self.seen[page]
        if method == "BULK":
            answer = self.send_in_bulk(body["operations"], revision)
        else:
            answer = self.send(method, body, f'"{revision}"')
        if edits != self.edits:
            assert answer.status == 412
            assert own(answer.json["current"]) == self.model
            return False
        assert answer.status == 200
        self.undo[page].append(self.model)
        self.model = expected
        self.edits += 1
        self.seen[page] = (self.edits, answer.json["revision"], expected)
        return True

    @rule(page=PAGES)
    def look(self, page):
        state = self.server.get(ADDRESS).json
        assert own(state) == self.model
        self.seen[page] = (self.edits, state["revision"], own(state))

    @rule(page=PAGES, drawn=DRAWN, place=st.integers(0, 5), method=METHODS)
    def add(self, page, drawn, place, method):
        roi = drawn | {"id": next(self.ids)}
        expected = list(self.seen[page][2])
        expected.insert(place, roi)
        operation = {"op": "add", "roi": roi, "index": place}
        self.edit(page, method, {"operations": [operation]}, expected)

    @rule(page=PAGES, drawn=DRAWN, data=st.data())
    def change(self, page, drawn, data):
        before = self.seen[page][2]
        if before:
            place = data.draw(st.integers(0, len(before) - 1))
            roi = drawn | {"id": before[place]["id"]}
            expected = [*before[:place], roi, *before[place + 1 :]]
            self.edit(page, "PATCH", {"operations": [{"op": "replace", "roi": roi}]}, expected)

    @rule(page=PAGES, data=st.data(), method=METHODS)
    def remove(self, page, data, method):
        before = self.seen[page][2]
        if before:
            gone = data.draw(st.sampled_from(before))
            expected = [roi for roi in before if roi is not gone]
            operation = {"op": "remove", "id": gone["id"]}
            self.edit(page, method, {"operations": [operation]}, expected)

    @rule(page=PAGES)
    def undo_all_since_the_last_own_edit(self, page):
        if self.undo[page]:
            state = self.undo[page].pop()
            if self.edit(page, "PUT", {"rois": state}, state):
                self.undo[page].pop()

    @rule(page=PAGES)
    def fail(self, page):
        roi = {"kind": "point", "points": [{"x": 500, "y": 1}]}
        for operation in ({"op": "add", "roi": roi}, {"op": "remove", "id": PREDICTED}):
            assert self.send("PATCH", {"operations": [operation]}, "*").status == 400
        assert self.send_in_bulk([operation], None).status == 400

    @rule(
        verdict=st.sampled_from([None, "keep", "reject", "unsure"]),
        note=st.sampled_from(["", "n", "m"]),
    )
    def mark(self, verdict, note):
        change = {"files": [0], "mark": verdict, "note": note}
        assert self.server.request("PATCH", "/api/triage", change).status == 200
        self.marked = [(verdict or "", note)] if verdict or note else []

    @rule(boxes=BOXES)
    def put_boxes(self, boxes):
        answer = self.server.request("PUT", "/api/file/0/annotations", {"roi_coords": boxes})
        assert answer.json["roi_coords"] == boxes
        self.edits += 1
        after = own(self.server.get(ADDRESS).json)
        others = [
            [roi for roi in rois if roi["kind"] != "rectangle"] for rois in (self.model, after)
        ]
        assert others[0] == others[1]
        self.model = after

    @invariant()
    def the_server_has_what_the_model_has(self):
        assert own(self.server.get(ADDRESS).json) == self.model
        assert marks(self.server) == self.marked
        type(self).final = self.model, self.marked


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL")
def test_pages_and_scripts_never_undo_each_other_and_a_killed_server_has_it_all(tmp_path):
    shutil.copy(get_testdata_file("CT_small.dcm", download=False), tmp_path / "a.dcm")
    (tmp_path / "model.csv").write_text("file,x1,y1,x2,y2\na.dcm,1,2,3,4\n")
    arguments = (
        f"--save-annotations={tmp_path / 'rois.json'}",
        f"--predictions={tmp_path / 'model.csv'}",
        str(tmp_path / "a.dcm"),
    )
    with ServerProcess(*arguments) as Editing.server:
        Editing.server.wait_scanned()
        run_state_machine_as_test(
            Editing, settings=settings(max_examples=25, stateful_step_count=20, deadline=None)
        )
        Editing.server.stop(signal.SIGKILL)
    with ServerProcess(*arguments) as server:
        server.wait_scanned()
        assert (own(server.get(ADDRESS).json), marks(server)) == Editing.final
