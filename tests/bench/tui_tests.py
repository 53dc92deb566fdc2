def measure():
    return {}
