"""Take the pictures of the documentation: ./dev screenshots."""
