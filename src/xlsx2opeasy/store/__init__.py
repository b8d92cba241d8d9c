"""One store for several machines: jobs, journals, frozen files and locks in a PostgreSQL database.

Needs the extra `fleet`. What a job is and what its journal means is known to `load/job` alone.
"""
