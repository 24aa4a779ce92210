"""The tab Sign-in of an application: single sign-on, and who has signed in."""
