"""Reports: what a check found (model), what a trainer would see (dry_count), and how both are shown."""
