"""The object store's HTTP face: Swift's Object Storage API v1 over storage.objects."""
