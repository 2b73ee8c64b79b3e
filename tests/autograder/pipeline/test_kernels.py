"""What the client of a kernel hears, and what it does not."""

import pytest
from jupyter_client.session import Session

from autograder.pipeline.kernels import PlainSession


def sent(key: bytes) -> list[bytes]:
    """A message as it arrives, without the address."""
    message = Session(key=key).msg("stream", {"text": "2026-01-01T00:00:00Z", "name": "stdout"})
    return Session(key=key).serialize(message)[1:]


def test_a_message_is_read_as_jupyter_reads_it_but_for_its_date() -> None:
    parts = sent(b"key")
    ours, theirs = PlainSession(key=b"key").deserialize(parts), Session(key=b"key").deserialize(parts)
    assert theirs["header"].pop("date").isoformat() == ours["header"].pop("date").replace("Z", "+00:00")
    assert ours == theirs


def test_a_message_that_the_kernel_did_not_sign_is_refused_and_one_that_comes_again() -> None:
    session, parts = PlainSession(key=b"key"), sent(b"key")
    for forged in (sent(b"another"), [b"", *parts[1:]], [*parts[:4], b"{}"], parts[:4]):
        with pytest.raises(ValueError, match="did not sign"):
            session.deserialize(forged)
    assert session.deserialize(parts)["content"]["name"] == "stdout"
    with pytest.raises(ValueError, match="did not sign"):
        session.deserialize(parts)
