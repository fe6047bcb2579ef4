"""The words every room shares: money, places, instants, ids. Pure; imports nothing of ours."""
