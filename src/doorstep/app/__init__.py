"""Assembles the parts into processes: http, worker, dispatcher, command line. No business here."""
