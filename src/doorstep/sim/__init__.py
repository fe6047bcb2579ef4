"""Simulators: worlds that keep the truth and ask the same engine that dispatches live."""
