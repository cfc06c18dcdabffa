"""How a kernel of `make notebooks` draws: SVG, the same bytes each time."""

c = get_config()  # noqa: F821
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {
    "bbox_inches": "tight",
    "dpi": 200,
    "metadata": {"Date": None},
}
c.InlineBackend.rc = {"svg.hashsalt": "resnet-book"}
