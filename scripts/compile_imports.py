"""Import once what every process imports, so that its bytecode lies ready and the first start is not slow."""

import importlib

from doorstep.app import wiring

for room in ("cli", "commands", "demo_network", "launcher", "web", "worker", "dispatcher"):
    importlib.import_module(f"doorstep.app.{room}")
for module in (
    "doorstep.demo.stage",
    "doorstep.connectors.couriers.twin.__main__",
    "numba",
):
    importlib.import_module(module)
wiring.import_rows()
wiring.routers()
for feature in wiring.FEATURES:
    wiring._room(feature, "handlers")  # noqa: SLF001 (imports, nothing else)
