"""The page behind the link that `doorstep owner-link` prints: who owns this network, and how she signs in."""

from pathlib import Path
from string import Template

from doorstep import __version__
from doorstep.app.faces.track.speech import Lang, Speech
from doorstep.app.front.pages import STREET, page, words_for

_PAGE = Template((Path(__file__).parent / "owner.html").read_text())
_TEXTS = ("nav", "nav.language", "owner", "owner.lead", "owner.script", "owner.name", "owner.email", "owner.password", "owner.rule", "owner.show", "owner.go", "owner.here", "owner.sign_in", "foot.open")  # fmt: skip
_FOR_THE_SCRIPT = ("owner.wrong.name", "owner.wrong.email", "owner.wrong.password", "owner.no_link", "owner.link_spent", "owner.email_taken", "owner.too_many_tries", "door.silent")  # fmt: skip
"""Texts that owner.js says. The link's token stays behind the # of the address: no server sees it before she signs up."""


def owner_page(lang: Lang) -> str:
    """The page; it is the same for everybody, and of no use without a link."""
    speech = Speech(lang, "UTC", __package__)
    body = _PAGE.substitute(
        {name.replace(".", "_"): speech.html(name) for name in _TEXTS},
        street=STREET,
        version=speech.html("foot.version", version=__version__),
        other=lang.other.value,
    )
    return page(
        title=speech.plain("owner.title"),
        body=body,
        attributes=words_for(_FOR_THE_SCRIPT, speech),
        lang=lang,
        script="owner.js",
    )
