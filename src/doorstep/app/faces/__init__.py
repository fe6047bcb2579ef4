"""The pages people work with: console, driver app, shop counter and tracking page, as the build made them.

Nouns: a *face* is one page with its own address; *built* files come from ``web/`` (``make web``) and ship in the
wheel; the tracking page's first state is written here, so that it can be read before any script runs.
"""
