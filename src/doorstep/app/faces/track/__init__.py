"""The shopper's tracking page: written here whole, so that words and range can be read before any script runs.

Nouns: a *part* is one block of the page by name; the stream sends parts that have changed, written by the same
code as the first page. Invariant: nothing on it names the platform.
"""
