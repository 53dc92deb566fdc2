"""What every process stands on; imports nothing of services, storage or tui."""
