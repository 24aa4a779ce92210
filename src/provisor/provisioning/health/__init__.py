"""What is known of the health of an application, and what a person must hear of it (R12, R13)."""
