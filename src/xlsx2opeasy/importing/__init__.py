"""What people have already, made into workbooks that load: lists with headers of their own."""
