"""``python -m doorstep.connectors.couriers.twin --port 8301 --key … --webhook-url … --webhook-secret …``."""

import argparse
import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from doorstep.connectors.couriers.twin.app import make_app, parse_instant
from doorstep.connectors.couriers.twin.clock import PacedClock


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("courier-twin", description="A simulated courier company.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--key",
        default=os.environ.get("DOORSTEP_COURIER_TWIN_KEY", ""),
        help="what customers send as bearer token",
    )
    parser.add_argument("--webhook-url", default="", help="where news goes; none when empty")
    parser.add_argument(
        "--webhook-secret",
        default=os.environ.get("DOORSTEP_COURIER_TWIN_WEBHOOK_SECRET", ""),
        help="whsec_… that signs the news",
    )
    parser.add_argument("--network", default="", help="follow the clock of the network at this address")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="business seconds per real second without --network"
    )
    parser.add_argument("--start", type=parse_instant, help="business time at start without --network")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, help="folder to remember jobs in")
    told = parser.parse_args(argv)
    if not told.key:
        parser.error("--key or DOORSTEP_COURIER_TWIN_KEY is needed")
    return told


async def serve(argv: Sequence[str] | None = None) -> None:
    """Run until SIGINT or SIGTERM."""
    told = _arguments(argv)
    clock = PacedClock(told.speed, told.start)
    app = make_app(
        clock,
        key=told.key,
        seed=told.seed,
        state=told.state,
        url=f"http://{told.host}:{told.port}",
        webhook_url=told.webhook_url,
        webhook_secret=told.webhook_secret,
    )
    following = asyncio.create_task(clock.follow(told.network)) if told.network else None
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=told.host,
            port=told.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    try:
        await server.serve()
    finally:
        if following is not None:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following


def main(argv: Sequence[str] | None = None) -> None:
    """The entry point: ``doorstep courier-twin`` calls it with its arguments."""
    asyncio.run(serve(argv))


if __name__ == "__main__":
    main()
