"""Several workers at once, a receiver that fails at random: every first arrival still comes in order."""

import asyncio
from collections import defaultdict
from random import Random
from typing import Any

from sqlalchemy import text
from tests.factories.deliveries import assigned_delivery, report_all
from tests.factories.network import Network
from tests.factories.webhooks import make_endpoint, receiver

from doorstep.features.deliveries.rules import FactKind
from doorstep.platform.worker import Worker

ROAD = [FactKind.REACHED_PICKUP, FactKind.PICKED_UP, FactKind.REACHED_DROPOFF, FactKind.HANDED_OVER]
DELIVERIES = 3


async def test_two_workers_and_a_failing_receiver_keep_the_order(network: Network) -> None:
    chance = Random(3)

    def answer(_said: dict[str, Any]) -> tuple[int, dict[str, str]]:
        return (chance.choice([500, 503, 404]) if chance.random() < 0.3 else 204), {}

    async with receiver(network) as first, receiver(network) as second:
        first.answer = answer
        await make_endpoint(network, first.url)
        await make_endpoint(network, second.url)
        workers = [Worker(network.system, lanes=3, poll_s=0.01) for _ in range(2)]
        running = [asyncio.create_task(worker.run()) for worker in workers]
        made = [await assigned_delivery(network) for _ in range(DELIVERIES)]
        await asyncio.gather(*(report_all(network, delivery.id, ROAD) for delivery in made))
        async with asyncio.timeout(120):
            while len({letter.id for letter in first.taken}) < DELIVERIES * 8:
                await asyncio.sleep(0.05)
                network.clock.advance(20_000)  # waits of hours pass in a moment
        for worker in workers:
            worker.stop()
        await asyncio.gather(*running)
        await network.run_jobs()  # what a jump of the clock had both of them claim
    for shop in (first, second):
        arrived: dict[str, list[int]] = defaultdict(list)
        for letter in shop.taken:
            delivery, number = letter.about
            if number not in arrived[delivery]:
                arrived[delivery].append(number)
        assert len(arrived) == DELIVERIES
        assert all(numbers == list(range(1, 9)) for numbers in arrived.values())
    assert len(first.letters) > len(first.taken), "it did fail at times"
    async with network.work() as work:
        left = (
            await work.session.execute(text("SELECT count(*) FROM jobs WHERE handler = 'webhooks.send'"))
        ).scalar_one()
    assert left == 0
