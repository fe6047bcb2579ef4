"""Makes the front page's style tokens from those of all pages, so that there is one source of every colour.

``python -m scripts.front_tokens`` writes them. The front page is served as it is, without a build: fonts lie beside the
sheet there, and the dark values are written out for people whose system is dark.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "web/shared/tokens.css"
MADE = ROOT / "src/doorstep/app/front/static/tokens.css"
_DARK = re.compile(r':root\[data-theme="dark"\]\s*\{([^}]*)\}')
_HEAD = re.compile(r"\A/\*.*?\*/\n", re.DOTALL)


def made() -> str:
    """The sheet as it should stand."""
    text = _HEAD.sub("", SOURCE.read_text(encoding="utf-8"), count=1)
    text = text.replace('url("./fonts/', 'url("')
    twice = _DARK.sub(
        lambda found: (
            f'{found[0]}\n@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{{found[1]}}} }}'
        ),
        text,
    )
    return f"/* Made from web/shared/tokens.css by scripts/front_tokens.py: change it there. */\n{twice}"


if __name__ == "__main__":
    MADE.write_text(made(), encoding="utf-8")
