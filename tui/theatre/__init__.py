"""The trace of one request: which hop caused which, and how it is drawn. No Textual here."""
