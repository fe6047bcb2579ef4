"""The outside world behind our own words: maps, money, messages, couriers, places. No business here."""
