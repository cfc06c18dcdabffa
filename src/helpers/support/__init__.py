"""What the library's modules share and no reader imports: errors, files, downloads, options."""

__all__ = ["expect", "fetching", "locks", "options", "palette", "whole"]
