"""What every engine needs of storage: aligned memory, bytes that cannot be shrunk, stamps that prove where they are from."""
