"""Secrets that are shown once, and the tokens of tracking links."""

import base64
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.identity import credentials
from doorstep.features.identity.credentials import Kind
from doorstep.features.identity.tokens import read_tracking_token, tracking_token
from doorstep.platform.secrets import Secrets, ephemeral

SECRETS = Secrets(b"t" * 32, b"s" * 32, b"x" * 32, b"p" * 32)


def test_a_credential_says_what_it_is_and_carries_256_bits() -> None:
    for kind in Kind:
        made = credentials.make(kind)
        assert credentials.kind_of(made) is kind
        chance = made.removeprefix(f"{kind}_")
        assert len(base64.urlsafe_b64decode(chance + "=")) == 32
        assert made.startswith(credentials.visible_prefix(made))
        assert len(credentials.visible_prefix(made)) == len(kind) + 5  # four characters of chance are shown
    assert len({credentials.make(Kind.LINK) for _ in range(100)}) == 100


@given(st.text(max_size=80))
def test_nothing_else_is_taken_for_a_credential(text: str) -> None:
    assert credentials.kind_of(text) is None
    assert credentials.kind_of(f"sk_live_{text}") is None or len(text) == 43


@given(st.uuids())
def test_a_tracking_token_leads_back_to_its_delivery(delivery: UUID) -> None:
    token = tracking_token(SECRETS, delivery)
    assert read_tracking_token(SECRETS, token) == delivery
    assert token == tracking_token(SECRETS, delivery)
    assert read_tracking_token(ephemeral(), token) is None


@given(st.uuids(), st.integers(0, 42), st.sampled_from("ABCxyz019-_=+/ \x00é"))
def test_a_token_changed_in_one_letter_leads_nowhere(delivery: UUID, place: int, letter: str) -> None:
    token = tracking_token(SECRETS, delivery)
    changed = token[:place] + letter + token[place + 1 :]
    assert read_tracking_token(SECRETS, changed) == (delivery if changed == token else None)


@given(st.text(max_size=60))
def test_a_guessed_token_leads_nowhere(text: str) -> None:
    assert read_tracking_token(SECRETS, text) is None


def test_every_other_spelling_of_a_token_is_refused() -> None:
    delivery = UUID(int=12345)
    token = tracking_token(SECRETS, delivery)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    good = [letter for letter in letters if read_tracking_token(SECRETS, token[:-1] + letter) is not None]
    assert good == [token[-1]]
