"""Wake-ups on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from doorstep.features.wakeups.rules import Language

Base64Url = r"^[A-Za-z0-9_-]+={0,2}$"


class KeyTold(BaseModel):
    """The network's own key (VAPID), for ``pushManager.subscribe``."""

    model_config = ConfigDict(frozen=True)
    key: str = Field(description="`applicationServerKey`, base64url.")


class SubscriptionAsked(BaseModel):
    """Where to ring this phone, as the browser told it."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "endpoint": "https://push.example.com/wpush/v2/gAAAAABk",
                    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
                    "language": "en",
                }
            ]
        },
    )
    endpoint: Annotated[str, StringConstraints(min_length=10, max_length=1000, pattern=r"^[\x21-\x7e]+$")]
    p256dh: Annotated[str, StringConstraints(min_length=86, max_length=90, pattern=Base64Url)]
    auth: Annotated[str, StringConstraints(min_length=22, max_length=26, pattern=Base64Url)]
    language: Language = Language.EN


class SubscriptionTold(BaseModel):
    """Whether this network rings a phone of hers."""

    model_config = ConfigDict(frozen=True)
    on: bool
