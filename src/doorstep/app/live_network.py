"""``doorstep serve``: a real network on wall time, nobody in it until its first owner comes."""

from collections.abc import Mapping

from doorstep.app import launcher
from doorstep.app.launcher import Plan
from doorstep.features.identity import queries as identity
from doorstep.features.identity import service
from doorstep.platform.db.work import Work
from doorstep.platform.settings import Settings


def run(settings: Settings, *, web_processes: int) -> None:
    """Run the network until SIGINT or SIGTERM. Raises CannotStart, WrongMode."""
    links: list[str] = []

    async def found(work: Work) -> Mapping[str, str]:
        if not await identity.all_staff(work, limit=1):
            links.append(owner_address(settings, await service.owner_link(work)))
        return {}

    children = {f"web-{n}" if n else "web": ["web"] for n in range(web_processes)}
    children |= {"dispatcher": ["dispatcher"], "worker": ["worker"]}
    launcher.run(
        settings, Plan("live", children, founding=found), lambda: announcement(settings, *links[-1:])
    )


def owner_address(settings: Settings, token: str) -> str:
    """Where an owner signs up; the token is behind the ``#``, which no browser sends."""
    return f"{settings.own_url}/owner#{token}"


def announcement(settings: Settings, link: str | None = None) -> str:
    """What the person at the terminal reads once the network can serve; ``link``: while nobody owns it."""
    serving = f"Doorstep serves at {settings.own_url}"
    if link is None:
        return serving
    return (
        f"{serving}\nNobody owns it yet. Whoever opens this link does; it is good once, for a day:\n  {link}\n"
        "`doorstep owner-link` prints another."
    )
