"""Where drivers are: the hot path.

Nouns: a *fix* is one position a phone reports, with its accuracy and the phone's own time; a *position* is
a driver's newest fix. Invariants: a newer position is never replaced by an older fix; a phone's clock that
runs ahead counts as now; nothing here waits for the database or for a slow viewer. Taken in by one raw
route, kept in memory, written behind every second: positions so that every process starts warm, fixes for
the record. What has not been written when a process dies is lost; phones report again within seconds.
"""
