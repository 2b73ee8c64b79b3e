"""Evidence survives the wire, and nothing but evidence is read from it."""

import json

import pytest
import torch

from autograder.student.evidence import BadEvidence, Case, Evidence, Odd, Trouble, decode, encode


def there_and_back(evidence: Evidence) -> Evidence:
    return Evidence.from_wire(json.loads(json.dumps(evidence.to_wire())))


def test_every_bit_of_a_tensor_survives() -> None:
    value = torch.tensor([0.1, -0.0, float("inf"), 5e-324], dtype=torch.float64)
    back = there_and_back(Evidence("x", {"case": Case([[value, Odd("NoneType")]])}))
    assert back.cases["case"].steps[0][0].numpy().tobytes() == value.numpy().tobytes()
    assert back.cases["case"].steps[0][1] == Odd("NoneType")


def test_trouble_survives() -> None:
    trouble = Trouble("raised", "ValueError: no", 3, ("line 2, in f: raise",))
    assert there_and_back(Evidence("x", {"case": Case([], trouble)})).cases["case"].trouble == trouble


def test_problems_survive() -> None:
    problem = {"lrs": [0.1, 0.2], "params": [torch.zeros(2, 3), torch.zeros(())], "n": 3}
    back = decode(json.loads(json.dumps(encode(problem))))
    assert back["lrs"] == problem["lrs"]
    assert [p.shape for p in back["params"]] == [(2, 3), ()]


TENSOR = {"dtype": "float64", "shape": [1], "data": "AAAAAAAAAAA="}


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        {},
        {**TENSOR, "shape": [2]},
        {**TENSOR, "shape": [-1]},
        {**TENSOR, "shape": [True]},
        {**TENSOR, "shape": [2**40, 2**40]},
        {**TENSOR, "data": "!"},
        {**TENSOR, "data": "ä"},
        {**TENSOR, "dtype": "object"},
        {**TENSOR, "dtype": ["float64"]},
    ],
)
def test_a_malformed_value_is_refused(value: object) -> None:
    with pytest.raises(BadEvidence):
        Evidence.from_wire({"exercise": "x", "cases": {"c": {"steps": [[value]], "trouble": None}}, "printed": ""})


@pytest.mark.parametrize("wire", [None, [], "text", {}, {"exercise": "x", "cases": [], "printed": ""}])
def test_a_malformed_bundle_is_refused(wire: object) -> None:
    with pytest.raises(BadEvidence):
        Evidence.from_wire(wire)


def test_oversized_evidence_is_refused() -> None:
    with pytest.raises(BadEvidence, match="bytes of evidence"):
        Evidence.from_wire({"exercise": "x" * 3_000_000, "cases": {}, "printed": ""})


def test_text_that_cannot_be_written_is_made_writable() -> None:
    trouble = {"kind": "raised", "text": "\ud800", "step": 1, "lines": ["\udfff"]}
    cases = {"a\ud800": {"steps": [[{"odd": "\ud800"}]], "trouble": trouble}}
    read = Evidence.from_wire({"exercise": "\ud800", "cases": cases, "printed": "\ud800"})
    assert str(read).encode().count(b"?") == 6
