"""The screens of the page, one module for each part of the walk: requests in, pages and files out."""
