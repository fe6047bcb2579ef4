"""Traces by the OpenTelemetry API: requests are traced by FastAPI itself, jobs and ticks here.

Without an SDK in the process every call does nothing. An operator who wants traces installs one and starts the
processes by its `opentelemetry-instrument`; nothing here needs to be changed.
"""

from contextlib import AbstractContextManager

from opentelemetry import trace
from opentelemetry.trace import Span

_TRACER = trace.get_tracer("doorstep")


def span(name: str, **facts: str | int) -> AbstractContextManager[Span]:
    """What happens inside is a span ``name`` with ``facts`` as its attributes (``doorstep.<fact>``)."""
    return _TRACER.start_as_current_span(
        name, attributes={f"doorstep.{fact}": value for fact, value in facts.items()}
    )
