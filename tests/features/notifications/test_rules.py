"""Which words, and when they are still true."""

from hypothesis import given
from hypothesis import strategies as st

from doorstep.features.deliveries.events import EVERY
from doorstep.features.deliveries.rules import DeliveryState
from doorstep.features.notifications.rules import MOMENTS, Language, Moment, still_true, words

LINK = "https://track.example/track/abc"


def test_every_moment_comes_from_an_event_there_is() -> None:
    assert set(MOMENTS) <= {event.name for event in EVERY}
    assert set(MOMENTS.values()) == set(Moment)


@given(st.sampled_from(Moment), st.sampled_from(Language), st.text(max_size=300))
def test_a_text_names_the_shop_and_ends_with_the_link_and_fits_a_few_parts(
    moment: Moment, language: Language, shop: str
) -> None:
    text = words(moment, language, shop, LINK)
    assert text.endswith(LINK)
    assert "\n" not in text
    assert len(text) < 160 + len(LINK)
    assert text.startswith(" ".join(shop.split())[:59].rstrip())


def test_what_was_overtaken_is_not_told() -> None:
    on_the_way = {state for state in DeliveryState if still_true(Moment.ON_THE_WAY, state)}
    assert on_the_way == {DeliveryState.PICKED_UP, DeliveryState.ENROUTE_TO_DROPOFF}
    assert not still_true(Moment.NOT_HANDED_OVER, DeliveryState.DELIVERED)
    assert still_true(Moment.NOT_HANDED_OVER, DeliveryState.RETURNED)
    assert still_true(Moment.DELIVERED, DeliveryState.DELIVERED)
