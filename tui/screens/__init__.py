"""One module a screen; a screen draws the store and asks the app to act."""
