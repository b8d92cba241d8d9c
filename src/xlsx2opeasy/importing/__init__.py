"""What people have already (task files, lists with headers of their own), made into workbooks that load."""
