"""An operator who brings an SDK sees what the network does."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.factories.journeys import a_city
from tests.factories.network import Network


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    """As `opentelemetry-instrument` would: one provider for the process."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    yield kept
    provider.shutdown()


async def test_a_request_its_jobs_and_a_tick_are_traced(
    network: Network, spans: InMemorySpanExporter
) -> None:
    city = await a_city(network, drivers=1)
    await city.shop.order()
    await network.run_jobs()
    await city.turn()
    told = [(one.name, dict(one.attributes or {})) for one in spans.get_finished_spans()]
    assert {"doorstep.handler": "webhooks.on_delivery_created"} in [
        facts for name, facts in told if name == "job"
    ]
    (tick,) = [facts for name, facts in told if name == "tick"]
    assert tick["doorstep.offered"] == 1
    assert any(name.startswith("POST") and "/v1/deliveries" in name for name, _ in told)
