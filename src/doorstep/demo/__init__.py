"""The living demo market: simulated people who act through the same public API that real ones use."""
