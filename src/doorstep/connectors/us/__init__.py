"""The United States as data: ZIPs with points, people and households; invented demo addresses.

Nouns: ``ZipArea`` (one ZIP), metro (a core based statistical area, CBSA). The two pilots' ZIPs are
built in (``pilots.csv``, licence in ``SOURCE.md``); the nation's need the extra ``doorstep[us]``.
A household count is the census bureau's estimate, never ours; a demo address is nobody's.
"""
