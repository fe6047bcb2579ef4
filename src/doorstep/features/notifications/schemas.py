"""Notifications on the wire."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from doorstep.features.notifications import rules
from doorstep.features.notifications.rules import Language, Moment

Moments = Annotated[
    list[Moment],
    Field(
        max_length=len(Moment),
        examples=[["on_the_way", "delivered"]],
        description="What shoppers are told of.",
    ),
]


class WishAsked(BaseModel):
    """What your shoppers shall be told by text; an empty list for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    moments: Moments
    language: Language = Language.EN

    def value(self) -> rules.Wish:
        """As the rules know it."""
        return rules.Wish(moments=frozenset(self.moments), language=self.language)


class Wish(BaseModel):
    """What your shoppers are told by text."""

    moments: Moments
    language: Language
    examples: dict[Moment, str] = Field(
        description="The words of each moment, as your shoppers would read them."
    )

    @classmethod
    def of(cls, wish: rules.Wish, shop: str, link: str) -> Self:
        """On the wire."""
        return cls(
            moments=sorted(wish.moments),
            language=wish.language,
            examples={moment: rules.words(moment, wish.language, shop, link) for moment in Moment},
        )
