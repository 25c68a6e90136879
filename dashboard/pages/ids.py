"""Every Dash component id, in one place. Own JavaScript finds its containers by these names too."""

from __future__ import annotations

LOCATION = "location"
PAGE = "page"

WALL = "wall"
WALL_BANNER = "wall-banner"
WALL_HEADER = "wall-header"
WALL_HEADER_LIVE = "wall-header-live"
WALL_MAIN = "wall-main"
WALL_FIGURES = "wall-figures"
WALL_DEPARTMENTS = "wall-departments"
WALL_TREND = "wall-trend"
WALL_TOWNS = "wall-towns"
WALL_MAP = "wall-map"
WALL_CAMERAS = "wall-cameras"
WALL_FEED = "wall-feed"
WALL_DIALOG = "wall-dialog"

DESK_INBOX = "desk-inbox"
DESK_FILE = "desk-file"
CASES_SEARCH = "search"
EVALUATION_ASKED = "evaluation-asked"
