"""What a list shows of each kind of object, one module a kind; draws nothing itself."""
