"""Guards the form of error messages and that KvistError is an ordinary ValueError."""

import pickle

import pytest

from kvist.errors import KvistError


def test_message_has_where_need_got_and_hint() -> None:
    error = KvistError("rope", "an even number", "3", "drop one feature")
    assert str(error) == "[rope] need an even number, got 3. hint: drop one feature"


def test_message_without_hint() -> None:
    assert str(KvistError("rope", "an even number", "3")) == "[rope] need an even number, got 3."


def test_is_a_value_error_and_pickles() -> None:
    with pytest.raises(ValueError, match="need a, got b"):
        raise KvistError("op", "a", "b")
    copy = pickle.loads(pickle.dumps(KvistError("op", "a", "b", "c")))
    assert (type(copy), str(copy), copy.hint) == (KvistError, "[op] need a, got b. hint: c", "c")
