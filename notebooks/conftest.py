"""nbval compares what a notebook says, and not its pictures."""


def pytest_collectstart(collector):
    """SVG, as `inline_pictures.py` stores them; nbval leaves out PNG by itself."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("image/svg+xml",)
