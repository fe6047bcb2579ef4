"""Little extracts of OpenStreetMap, in its XML."""

from collections.abc import Sequence
from pathlib import Path

Way = tuple[str, Sequence[tuple[float, float]]]


def write_extract(path: Path, ways: Sequence[Way]) -> Path:
    """An extract of these ways: the class of each, and its points as latitude and longitude."""
    nodes: list[str] = []
    drawn: list[str] = []
    for kind, points in ways:
        refs = []
        for lat, lng in points:
            nodes.append(f'<node id="{len(nodes) + 1}" version="1" lat="{lat}" lon="{lng}"/>')
            refs.append(f'<nd ref="{len(nodes)}"/>')
        tag = f'<tag k="highway" v="{kind}"/>'
        drawn.append(f'<way id="{len(drawn) + 1}" version="1">{"".join(refs)}{tag}</way>')
    body = "".join([*nodes, *drawn])
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{body}</osm>', encoding="utf-8")
    return path
