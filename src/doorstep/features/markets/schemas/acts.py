"""What staff sets in a market."""

from typing import Annotated

from pydantic import (
    Field,
    WithJsonSchema,
)

from doorstep.features.markets import rules
from doorstep.features.markets.rules import Stage
from doorstep.features.markets.schemas.service import ServiceRules
from doorstep.features.markets.schemas.wire import Asked, Minor, Reason
from doorstep.platform.http.wire import Flag, Number


class NewStage(Asked):
    """The stage to move to, and why."""

    stage: Stage
    reason: Reason


KnobValue = Annotated[float, Field(allow_inf_nan=False), Number]
_KNOBS_SCHEMA = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        name: {
            "type": ["integer" if knob.whole else "number", *([] if name == "tick_s" else ["null"])],
            "minimum": knob.lowest,
            "maximum": knob.highest,
            "description": knob.meaning,
        }
        for name, knob in rules.KNOBS.items()
    },
    "examples": [{"tick_s": 30, "max_bundle": 3}],
}


class NewKnobs(Asked):
    """Knobs to set; null gives one back to dispatch, those not named stay."""

    knobs: Annotated[
        dict[str, KnobValue | None],
        Field(min_length=1, max_length=len(rules.KNOBS)),
        WithJsonSchema(_KNOBS_SCHEMA),
    ]
    reason: Reason


class NewServiceRules(Asked):
    """The service levels from now on."""

    service_rules: ServiceRules
    reason: Reason


class Fallback(Asked):
    """Whether courier companies may take what no driver takes, and for how much at most."""

    allowed: Flag = True
    most_minor: Minor | None = None


class ZonePause(Asked):
    """Whether a postcode rests."""

    paused: Flag
    reason: Reason


class NewFallback(Asked):
    """The fallback from now on."""

    fallback: Fallback
    reason: Reason
