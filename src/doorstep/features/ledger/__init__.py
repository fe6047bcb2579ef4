"""Double entry: who owes whom, to the cent.

Nouns: account, transaction, entry (debit positive), reserve (a pending transaction), closure, reversal.
Invariants, held by the database itself: every transaction balances per currency at commit and is complete;
nothing is edited or removed, a mistake is reversed; a fact causes one transaction, whose id is made from it.
The ledger knows accounts and entries, not deliveries: ``delivery_id`` on an entry is a label.
"""
