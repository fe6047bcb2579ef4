"""An operator who brings an SDK sees what the network does, and its metrics tell the truth."""

from collections.abc import Iterator

import asyncpg
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from tests.conftest import Server
from tests.factories.journeys import a_city
from tests.factories.network import Network

from doorstep.app import worker


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    """As `opentelemetry-instrument` would: one provider for the process."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    yield kept
    provider.shutdown()


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"doorstep_{name}", labels) or 0.0


async def test_a_request_its_jobs_and_a_tick_are_traced_and_measured(
    network: Network, spans: InMemorySpanExporter, server: Server, database_name: str
) -> None:
    city = await a_city(network, drivers=1)
    ticks, offers = metric("tick_seconds_count", part="decide"), metric("offer_latency_seconds_count")
    await city.shop.order()
    network.clock.advance(9)
    async with network.work() as work:
        await worker.measure(work)
    assert metric("outbox_age_seconds") == 9
    await network.run_jobs()
    async with network.work() as work:
        await worker.measure(work)
        await worker.weigh(work)
    assert (metric("outbox_age_seconds"), metric("ledger_drift_minor")) == (0, 0)
    await city.turn()
    assert metric("tick_seconds_count", part="decide") == ticks + 1
    assert metric("offer_latency_seconds_count") == offers + 1
    told = [(one.name, dict(one.attributes or {})) for one in spans.get_finished_spans()]
    assert {"doorstep.handler": "webhooks.on_delivery_created"} in [
        facts for name, facts in told if name == "job"
    ]
    (tick,) = [facts for name, facts in told if name == "tick"]
    assert tick["doorstep.offered"] == 1
    assert any(name.startswith("POST") and "/v1/deliveries" in name for name, _ in told)

    # Somebody with every right changes what a merchant owes by hand.
    owner = await asyncpg.connect(server.url(database_name))
    await owner.execute("UPDATE ledger_owed SET posted_minor = posted_minor + 7")
    await owner.close()
    async with network.work() as work:
        await worker.weigh(work)
    assert metric("ledger_drift_minor") == 7
