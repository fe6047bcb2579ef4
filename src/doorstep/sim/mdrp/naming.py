"""What days and files are called in tables: by their own names, and by their folders as far as that takes to tell them apart."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path


def each_once(paths: Iterable[Path]) -> list[Path]:
    """``paths``, resolved; what is named twice is kept once."""
    return list(dict.fromkeys(path.resolve() for path in paths))


def names_of(paths: Sequence[Path], *, suffix: bool = True) -> list[str]:
    """A name for each of ``paths``, which are resolved and differ: no two are the same. ``suffix`` False leaves the ending away."""
    parts = [(path if suffix else path.with_suffix("")).parts[1:] or ("root",) for path in paths]
    depth = [1] * len(paths)
    while True:
        names = ["/".join(own[-length:]) for own, length in zip(parts, depth, strict=True)]
        often = Counter(names)
        deeper = [
            length + 1 if often[name] > 1 and length < len(own) else length
            for name, length, own in zip(names, depth, parts, strict=True)
        ]
        if deeper == depth:
            return names
        depth = deeper
