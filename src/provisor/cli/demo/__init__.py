"""`provisor demo`: a company, a real SCIM server that we did not write, and the proof that the two agree."""
