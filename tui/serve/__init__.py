"""`novabox serve`: the interface in a browser, for who can log in to the cloud.

textual-serve starts one process a tab and speaks to it; it lets anybody in. Around it: logins,
limits, and pages that fetch nothing from outside.
"""
