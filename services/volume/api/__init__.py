"""What a request may ask of volumes and snapshots."""
