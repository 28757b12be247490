"""Main content and metadata of web pages: extractors behind one interface, guarded against hostile pages."""
