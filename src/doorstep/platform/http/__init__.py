"""HTTP plumbing: problem documents, request ids, security headers, pages of a list, live streams."""
