"""Live through a file of receivables day by day: ./dev replay."""
