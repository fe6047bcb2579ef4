"""Doorstep: an open, crowdsourced last-mile delivery network in a box."""

__version__ = "0.1.0"
