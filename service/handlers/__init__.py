"""One module for each capability: parsed input in, a reply out."""
