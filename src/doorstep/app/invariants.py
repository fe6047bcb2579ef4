"""What must hold at any quiet moment, asked of the database itself. For campaigns, for the night, for doubt.

Each question counts the rows that break a promise; all answers must be zero. They look across rooms on
purpose and read only, so they know nothing the rows do not say.
"""

from dataclasses import dataclass

from sqlalchemy import text

from doorstep.features.payouts import queries as payouts
from doorstep.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Answer:
    """One promise and how many rows break it."""

    promise: str
    broken: int


QUESTIONS: dict[str, str] = {
    "the ledger's entries sum to zero in every currency": """
        SELECT count(*) FROM (SELECT currency FROM ledger_entries GROUP BY currency HAVING sum(amount_minor) <> 0) x""",
    "every transaction balances": """
        SELECT count(*) FROM (SELECT transaction_id FROM ledger_entries GROUP BY transaction_id, currency
        HAVING sum(amount_minor) <> 0) x""",
    "every delivery's events are numbered without gaps and end where the delivery is": """
        SELECT count(*) FROM deliveries d LEFT JOIN (
          SELECT delivery_id, count(*) AS n, max(seq) AS last FROM delivery_events GROUP BY delivery_id) e
        ON e.delivery_id = d.id WHERE coalesce(e.n, 0) <> d.events_count OR coalesce(e.last, 0) <> d.events_count""",
    "the timeline's moves join up": """
        SELECT count(*) FROM delivery_events b JOIN delivery_events a ON a.delivery_id = b.delivery_id AND a.seq = b.seq - 1
        WHERE a.state_after <> b.state_before""",
    "no delivery has two carriers": """
        SELECT count(*) FROM deliveries WHERE driver_id IS NOT NULL AND provider_job_id IS NOT NULL""",
    "no delivery is on two trips under way": """
        SELECT count(*) FROM (SELECT d FROM trips t, unnest(t.delivery_ids) d
        WHERE t.state IN ('next', 'under_way') GROUP BY d HAVING count(*) > 1) y""",
    "who has a delivery is who drives its trip": """
        SELECT count(*) FROM deliveries d LEFT JOIN trips t ON t.id = d.trip_id
        WHERE d.driver_id IS NOT NULL AND t.driver_id IS DISTINCT FROM d.driver_id""",
    "no delivery was taken again before it was given back": """
        SELECT count(*) FROM delivery_events e
        WHERE e.name = 'delivery.assigned' AND e.state_before NOT IN ('requested', 'batched')""",
    "no driver is on two trips at once": """
        SELECT count(*) FROM (SELECT driver_id FROM trips WHERE state = 'under_way' GROUP BY driver_id HAVING count(*) > 1) x""",
    "every accepted offer has exactly one trip": """
        SELECT count(*) FROM offers o LEFT JOIN trips t ON t.id = o.trip_id
        WHERE (o.state = 'accepted') <> (t.id IS NOT NULL) OR t.driver_id <> o.accepted_by""",
    "every trip has the offer that began it": """
        SELECT count(*) FROM trips t LEFT JOIN offers o ON o.id = t.offer_id WHERE o.trip_id IS DISTINCT FROM t.id""",
    "no earning is paid twice": """
        SELECT count(*) FROM (SELECT delivery_id, kind FROM earnings WHERE promised AND amount_minor > 0
        GROUP BY delivery_id, kind, trip_id HAVING count(*) > 1) x""",
    "no delivery is asked of two courier companies at once": """
        SELECT count(*) FROM (SELECT delivery_id FROM provider_jobs WHERE state IN ('asked', 'booking', 'booked', 'calling_off')
        GROUP BY delivery_id HAVING count(*) > 1) x""",
    "no driver has or is offered what a courier company may be bringing": """
        SELECT count(*) FROM provider_jobs j JOIN deliveries d ON d.id = j.delivery_id
        WHERE j.state IN ('asked', 'booking', 'booked', 'calling_off')
        AND d.state NOT IN ('delivered', 'returned', 'cancelled', 'expired')
        AND (d.driver_id IS NOT NULL
             OR EXISTS (SELECT 1 FROM offered_deliveries o WHERE o.delivery_id = d.id AND o.open))""",
    "everything delivered long enough ago by a driver has been paid": """
        SELECT count(*) FROM deliveries d WHERE d.state = 'delivered' AND d.driver_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM earnings e WHERE e.delivery_id = d.id)
        AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.stream = 'delivery:' || d.id OR j.stream = 'trip:' || d.trip_id)""",
    "no reaction gave up": "SELECT count(*) FROM jobs WHERE state = 'dead'",
}

PROMISED_IS_PAID = "drivers were paid what they were promised (broken: by how many cents)"


async def ask(work: Work) -> list[Answer]:
    """All questions, one after the other: meant for a quiet moment, or to be asked twice."""
    answers = [
        Answer(promise, int((await work.session.execute(text(sql))).scalar_one()))
        for promise, sql in QUESTIONS.items()
    ]
    return [*answers, Answer(PROMISED_IS_PAID, abs(await payouts.difference_minor(work)))]
