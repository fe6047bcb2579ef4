"""The delivery and its life: from a merchant's request to a proof at the door, or back to the store.

Nouns: delivery, fact (something reported about it), move (from one state to the next), proof, requirement.
Invariants: states move only along declared edges; each move writes one event in the same transaction,
numbered without gaps per delivery; at most one carrier at a time; a report counts once however often and
however late it comes; what was refused changes nothing.
"""
