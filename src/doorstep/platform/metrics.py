"""Prometheus metrics of the whole house, named in one place."""

from prometheus_client import Counter, Gauge, Histogram

JOB_SECONDS = Histogram("doorstep_job_seconds", "Time a job's handler took", ["handler"])
JOBS_DEAD = Counter("doorstep_jobs_dead_total", "Jobs that gave up", ["handler"])
OUTBOX_AGE_S = Gauge("doorstep_outbox_age_seconds", "Age of the oldest job that is due")
OFFER_LATENCY = Histogram(
    "doorstep_offer_latency_seconds", "Real time from creation to the first offer shown"
)
TICK_SECONDS = Histogram("doorstep_tick_seconds", "Real time of one dispatch tick", ["part"])
LEDGER_DRIFT = Gauge("doorstep_ledger_drift_minor", "Sum of all ledger entries; anything but zero is wrong")
HTTP_SECONDS = Histogram("doorstep_http_seconds", "Time to answer a request", ["route", "method", "status"])
FIXES = Counter("doorstep_fixes_total", "Location fixes taken in")
STALE_DECISIONS = Counter(
    "doorstep_stale_decisions_total", "Decisions dropped because the world had moved on"
)
