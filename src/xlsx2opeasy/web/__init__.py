"""The page for people who do not use a terminal: a web application on this machine alone."""
