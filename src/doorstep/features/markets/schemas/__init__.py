"""The wire of markets, room by room."""

from doorstep.features.markets.schemas.acts import NewFallback, NewKnobs, NewServiceRules, NewStage, ZonePause
from doorstep.features.markets.schemas.history import Change, TakenBack
from doorstep.features.markets.schemas.money import NewPay, NewTariff, PayPeriod, Tariff
from doorstep.features.markets.schemas.places import (
    DrawnMarket,
    Market,
    MetroMarket,
    NewMarket,
    PublicMarket,
    ZipsMarket,
)
from doorstep.features.markets.schemas.streets import StreetMap

__all__ = [
    "Change",
    "DrawnMarket",
    "Market",
    "MetroMarket",
    "NewFallback",
    "NewKnobs",
    "NewMarket",
    "NewPay",
    "NewServiceRules",
    "NewStage",
    "NewTariff",
    "PayPeriod",
    "PublicMarket",
    "StreetMap",
    "TakenBack",
    "Tariff",
    "ZipsMarket",
    "ZonePause",
]
