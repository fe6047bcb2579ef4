"""Our plumbing: settings, clock, database work, jobs, leases, bus, auth, http. No business here."""
