"""The screen Einrichten: connections are begun, changed, logged in and disconnected in the browser."""

from mlconnector.web.console.screens.setup import adviser_links as adviser_links
from mlconnector.web.console.screens.setup import applying as applying
from mlconnector.web.console.screens.setup import connection as connection
from mlconnector.web.console.screens.setup import drafting as drafting
from mlconnector.web.console.screens.setup import listing as listing
from mlconnector.web.console.screens.setup.screen import SCREEN as SCREEN
