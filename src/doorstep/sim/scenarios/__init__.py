"""Scenarios that come with the product, as TOML files."""
