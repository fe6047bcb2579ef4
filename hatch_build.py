"""The wheel ships with the pages: builds them first where they are absent."""

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before an archive is made. An editable install needs no pages to be made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (the plugin's signature)
        """Build ``src/doorstep/app/pages`` unless it is there."""
        if version == "editable" or (Path(self.root) / "src/doorstep/app/pages/manifest.json").is_file():
            return
        place = Path(self.root) / "scripts/build_pages.py"
        spec = importlib.util.spec_from_file_location("build_pages", place)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(place)
        build_pages = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(build_pages)
        build_pages.build()
