"""What the HTTP faces share: endpoints as values, errors, streams, the server."""
