"""The web process."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn

from doorstep.app.http import make_app
from doorstep.app.runtime import process
from doorstep.platform.db.work import Role
from doorstep.platform.settings import Settings


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: draining is ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are handled by ``serve``."""
        yield


@contextlib.asynccontextmanager
async def _listening(settings: Settings) -> AsyncIterator[socket.socket]:
    """A socket that several web processes may share (SO_REUSEPORT)."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((settings.host, settings.port))
    try:
        yield listener
    finally:
        listener.close()


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests under way."""
    async with process("web", Role.WEB, settings) as runtime, _listening(settings) as listener:
        app = make_app(settings, runtime.database, runtime.connectors, runtime.bus)
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=5,
                timeout_keep_alive=30,
                http="httptools",
                loop="uvloop",
                server_header=False,
            )
        )

        def drain() -> None:
            app.state.draining = True
            asyncio.get_running_loop().call_later(0.3, setattr, server, "should_exit", True)

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, drain)
        await server.serve(sockets=[listener])
