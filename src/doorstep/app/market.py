"""``doorstep market``: markets made at the machine, without a browser."""

from enum import StrEnum
from typing import Annotated

import typer

from doorstep.app import figures
from doorstep.app.figures import Json
from doorstep.platform import settings
from doorstep.platform.db.work import Work
from doorstep.units.ids import public

market = typer.Typer(help="Markets of this network.", no_args_is_help=True)


class Pilot(StrEnum):
    """A metro whose ZIPs come along."""

    NASHVILLE = "nashville"  # Nashville and its suburbs, Tennessee
    NEW_ORLEANS = "new-orleans"  # New Orleans and Metairie, Louisiana


class FirstStage(StrEnum):
    """How far a market may have come when it is made."""

    PLANNED = "planned"  # nobody can order
    PILOT = "pilot"  # takes orders from few stores
    OPEN = "open"  # takes orders


@market.callback()
def markets() -> None:
    """Markets of this network."""


@market.command("create")
def create_market(
    name: Annotated[str, typer.Argument(help="What people call it; the city's name when left out.")] = "",
    pilot: Annotated[Pilot | None, typer.Option(help="A metro that comes along.")] = None,
    cbsa: Annotated[
        str | None, typer.Option(help="Any US metro by its five-digit code; needs doorstep[us].")
    ] = None,
    zips: Annotated[str | None, typer.Option(help="ZIPs, comma-separated.")] = None,
    stage: FirstStage = FirstStage.PILOT,
    json: Json = None,
) -> None:
    """Make a market of a pilot, a metro or ZIPs; its time zone follows from the place."""
    from doorstep.app import admin
    from doorstep.features.markets import service
    from doorstep.features.markets.rules import Stage
    from doorstep.features.markets.seeds import PILOTS

    if sum(place is not None for place in (pilot, cbsa, zips)) != 1:
        raise typer.BadParameter("name one place: --pilot, --cbsa or --zips")
    postcodes = tuple(dict.fromkeys(one.strip() for one in (zips or "").split(",") if one.strip()))
    if zips is not None and not postcodes:
        raise typer.BadParameter("no ZIP is named", param_hint="--zips")

    async def make(work: Work) -> dict[str, str]:
        made = await service.make_market_from_us(
            work,
            cbsa=cbsa if pilot is None else next(code for code, slug, _ in PILOTS if slug == pilot),
            postcodes=postcodes,
            name=name,
            stage=Stage(stage),
        )
        return {
            "id": public("market", made.id),
            "slug": made.slug,
            "name": made.name,
            "timezone": made.timezone.key,
            "stage": made.stage.value,
        }

    made = admin.run(settings.from_environment(), make)
    typer.echo(f"{made['name']} ({made['id']}), {made['timezone']}, {made['stage']}")
    figures.write(json, made)
