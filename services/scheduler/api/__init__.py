"""What a request may ask of the scheduler: to decide for show, and what there is room for."""
