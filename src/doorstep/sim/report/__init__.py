"""A study as one page that a store operator understands: a single HTML file, drawings included, nothing fetched."""

from doorstep.sim.report.page import page

__all__ = ["page"]
