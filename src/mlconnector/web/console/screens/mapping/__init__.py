"""The screen Zuordnung: accounts, tax cases, cost centres, payment accounts and numbers are agreed."""

from mlconnector.web.console.screens.mapping import applying as applying
from mlconnector.web.console.screens.mapping import chart as chart
from mlconnector.web.console.screens.mapping import confirming as confirming
from mlconnector.web.console.screens.mapping import history as history
from mlconnector.web.console.screens.mapping import numbers as numbers
from mlconnector.web.console.screens.mapping import rows as rows
from mlconnector.web.console.screens.mapping import words as words
from mlconnector.web.console.screens.mapping.screen import SCREEN as SCREEN
