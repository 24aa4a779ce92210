"""What a change would do in every application, found by making it and taking it back."""
