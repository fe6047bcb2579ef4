"""Courier networks: a protocol, a working twin network, one file per vendor."""
