"""What merchants owe for deliveries, and what courier companies cost.

Nouns: charge (fee, cancellation fee, return fee), tip, cost.
Invariants: every delivery that ended is billed once and its reserve is closed; a tip goes from the merchant's
receivable wholly to whoever carried, never through the network's income; free is free: no charge, no entry.
"""
