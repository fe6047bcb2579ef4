"""Prometheus metrics of the whole house, named in one place.

The processes of one machine write theirs into files of one folder (``PROMETHEUS_MULTIPROC_DIR``, which the
launcher sets), so that any of them tells the sums of all. A process started alone tells its own.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

JOB_SECONDS = Histogram("doorstep_job_seconds", "Time a job's handler took", ["handler"])
JOBS_DEAD = Counter("doorstep_jobs_dead_total", "Jobs that gave up", ["handler"])
OUTBOX_AGE_S = Gauge(
    "doorstep_outbox_age_seconds", "Age of the oldest job that is due", multiprocess_mode="mostrecent"
)
OFFER_LATENCY = Histogram(
    "doorstep_offer_latency_seconds", "Real time from creation to the first offer shown"
)
TICK_SECONDS = Histogram("doorstep_tick_seconds", "Real time of one dispatch tick", ["part"])
LEDGER_DRIFT = Gauge(
    "doorstep_ledger_drift_minor",
    "What debits and credits of the whole ledger differ by; anything but zero is wrong",
    multiprocess_mode="mostrecent",
)
HTTP_SECONDS = Histogram("doorstep_http_seconds", "Time to answer a request", ["route", "method", "status"])
FIXES = Counter("doorstep_fixes_total", "Location fixes taken in")
STALE_DECISIONS = Counter(
    "doorstep_stale_decisions_total", "Decisions dropped because the world had moved on"
)


def told() -> bytes:
    """All of them in Prometheus' text format."""
    if FOLDER not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
