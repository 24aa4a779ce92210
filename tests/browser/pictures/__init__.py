"""What is photographed: a company to which everything has happened, each of its pages, and a Provisor with nothing in it."""
