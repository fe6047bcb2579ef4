"""Messages to phones and mailboxes: one-time codes, links. A protocol, a working twin, vendors."""
