"""REST and web pages: what `dlscope serve` answers. Pages and REST call the library face alone."""
