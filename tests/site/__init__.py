# noqa: A005 - named after the room it tests
