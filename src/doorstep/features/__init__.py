"""The business, one folder a noun. The order of the folders is in docs/architecture.md."""
