"""Every text is there in both languages, with the same blanks, and nothing is glued from parts."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PLURAL_RULES = {"en": {"one", "other"}, "es": {"one", "many", "other"}}


def dictionaries() -> list[Path]:
    """Folders that hold an en.json and should hold an es.json."""
    found = [
        path.parent
        for place in ("web", "src/doorstep/app/faces", "src/doorstep/app/front")
        for path in (ROOT / place).rglob("en.json")
        if "node_modules" not in path.parts
    ]
    return sorted(found)


def read(folder: Path, lang: str) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((folder / f"{lang}.json").read_text(encoding="utf-8"))
    return texts


def forms(message: str | Mapping[str, str]) -> Iterator[str]:
    yield from [message] if isinstance(message, str) else message.values()


def blanks(message: str | Mapping[str, str]) -> set[str]:
    """Names of blanks and marks. ``{n}`` may be left out where a form says the number itself."""
    found = [pair for text in forms(message) for pair in re.findall(r"\{(\w+)\}|<(\w+)>", text)]
    return {name for pair in found for name in pair if name} - {"n"}


def test_there_are_dictionaries() -> None:
    assert len(dictionaries()) >= 5


@pytest.mark.parametrize("folder", dictionaries(), ids=lambda path: str(path.relative_to(ROOT)))
class TestDictionary:
    def test_both_languages_say_the_same_things(self, folder: Path) -> None:
        english, spanish = read(folder, "en"), read(folder, "es")
        assert sorted(english) == sorted(spanish)
        for key, message in english.items():
            assert blanks(message) == blanks(spanish[key]), key
            assert isinstance(message, str) == isinstance(spanish[key], str), key

    def test_plurals_have_the_forms_of_their_language(self, folder: Path) -> None:
        for lang, allowed in PLURAL_RULES.items():
            for key, message in read(folder, lang).items():
                if not isinstance(message, str):
                    assert {"one", "other"} <= set(message) <= allowed, (lang, key)

    def test_texts_are_whole_and_calm(self, folder: Path) -> None:
        for lang in PLURAL_RULES:
            for key, message in read(folder, lang).items():
                for text in forms(message):
                    assert text, (lang, key)
                    assert text == text.strip(), (lang, key, text)
                    assert "!" not in text, (lang, key, text)
                    assert "oops" not in text.lower(), (lang, key, text)
