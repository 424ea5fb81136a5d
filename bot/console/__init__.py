"""The console: web pages in which staff review what founders asked, and an API with the same data."""
