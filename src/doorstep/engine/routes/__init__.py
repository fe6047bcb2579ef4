"""Routes for slots and parcel blocks: pickup and delivery with time windows, planned by our own search.

``problem`` holds the plain values and the planner protocol, ``sound`` refuses what makes no sense, ``search`` is the planner, ``check``
an examiner that shares no line with it, ``promise`` answers "can this window still be kept". The kernels run compiled or interpreted, same bits.
"""
