"""An integer network as C++ that g++ runs and a hardware compiler takes: three ways to build it.

`streaming` has one stage for each layer, tiled by channels (DNNBuilder) or by processing elements
(FINN); `recursive` one engine for each kind of layer, called by a schedule. The text of the source
is in `templates/`; everything that decides is here.
"""
