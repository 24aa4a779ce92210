"""My apps, step-up and single sign-on, through the whole site."""
