"""Web archives: packed streams, the records in them, and the HTTP messages that records hold."""
