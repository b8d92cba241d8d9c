"""What the clients of OpEasy and Webex share: the wire, TLS, time, retries, and strict reading of JSON."""
