"""The kit of all pages: shell with a strict policy, style, tables, pictures and numbers.

It knows nothing of runs; the trainer and the audit both draw with it. Imports jinja2 and markupsafe, nothing else.
"""

from data_cards.pages.charts import (
    Bar,
    Series,
    bar_chart,
    figure,
    histogram,
    interval_chart,
    legend,
    line_chart,
    picture,
)
from data_cards.pages.forest import Forest, ForestRow, Range, forest_plot
from data_cards.pages.heatmap import HeatCell, HeatRow, heat_map
from data_cards.pages.numbers import show_count, show_share, show_short, show_size, show_value
from data_cards.pages.shell import asset, json_block, render_page, section
from data_cards.pages.tables import beside, table
from data_cards.pages.trends import fit_chart, levels_chart

__all__ = [
    "Bar",
    "Forest",
    "ForestRow",
    "HeatCell",
    "HeatRow",
    "Range",
    "Series",
    "asset",
    "bar_chart",
    "beside",
    "figure",
    "fit_chart",
    "forest_plot",
    "heat_map",
    "histogram",
    "interval_chart",
    "json_block",
    "legend",
    "levels_chart",
    "line_chart",
    "picture",
    "render_page",
    "section",
    "show_count",
    "show_share",
    "show_short",
    "show_size",
    "show_value",
    "table",
]
