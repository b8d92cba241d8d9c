"""The report of a job: one HTML file with everything in it, made from the job's folder through Jinja2."""
