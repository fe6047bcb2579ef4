"""The Meal Delivery Routing Problem of Grubhub (Reyes et al., 2018): recorded days with exact rules.

Nouns: instance (orders, restaurants, courier shifts of a day), day (an instance played minute by minute
on the engine), measures. Physics: whole minutes, ceil(euclid / speed); couriers accept and follow.
"""
