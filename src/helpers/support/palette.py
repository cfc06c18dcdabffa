"""The colours of plots and diagrams.

Source: Okabe and Ito 2008, "Color Universal Design": distinguishable without colour vision.
"""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
KINDS = {"residual": COLOURS[0], "plain": COLOURS[1]}  # of nets, in all pictures
